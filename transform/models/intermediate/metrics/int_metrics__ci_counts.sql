{#- An attempt is of the week that it was queued in; where no queue is told, of that which it started in. -#}
with

jobs as (

    select * from {{ ref('fct_ci_jobs') }}

),

dated as (

    select
        jobs.*,
        days.week_start
    from jobs
    {{ join_reporting_day('coalesce(jobs.queued_at, jobs.started_at, jobs.finished_at)', 'days') }}

),

scopes as (

    {{ scoped('dated', {'repository': 'repository_key'}) }}

)

select
    week_start,
    scope,
    scope_key,
    count(*) as attempt_count,
    count(case when is_first_attempt and conclusion in ('success', 'failure') then 1 end) as judged_count,
    count(case when is_first_attempt and conclusion = 'failure' then 1 end) as failure_count,
    count(case when failure_class = 'infrastructure' then 1 end) as infrastructure_failure_count,
    count(case when conclusion in ('cancelled', 'skipped') then 1 end) as cancelled_count,
    count(case when conclusion = 'running' then 1 end) as running_count,
    count(
        case when conclusion in ('success', 'failure', 'timed_out', 'infrastructure_failure') then 1 end
    ) as finished_count,
    count(case when is_flaky and conclusion = 'failure' then 1 end) as flaky_failure_count,
    count(case when conclusion = 'failure' then 1 end) as all_failure_count,
    cast(coalesce(sum(case when is_flaky and conclusion = 'failure' then run_seconds end), 0) as bigint)
        as flaky_lost_seconds,
    cast(coalesce(sum(run_seconds), 0) as bigint) as run_seconds,
    cast(coalesce(sum(setup_seconds), 0) as bigint) as setup_seconds,
    cast(coalesce(sum(case when setup_seconds is not null then run_seconds end), 0) as bigint)
        as run_with_setup_seconds
from scopes
group by week_start, scope, scope_key

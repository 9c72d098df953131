{{ config(tags=['clock']) }}

with

jobs as (

    select * from {{ ref('fct_ci_jobs') }}

),

weeks as (

    select * from {{ ref('int_metrics__weeks') }}

),

estimates as (

    select * from {{ ref('int_metrics__latency_estimates') }}
    where kind = 'ci_job' and cohort = 'arrivals'

),

dated as (

    select
        jobs.*,
        days.week_start
    from jobs
    {{ join_reporting_day('jobs.queued_at', 'days') }}

),

scopes as (

    {{ scoped('dated', {'repository': 'repository_key'}) }}

),

counts as (

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
        cast(coalesce(sum(setup_seconds), 0) as bigint) as setup_seconds,
        cast(coalesce(sum(case when setup_seconds is not null then run_seconds end), 0) as bigint)
            as run_with_setup_seconds
    from scopes
    group by week_start, scope, scope_key

)

select
    {{ surrogate_key(
        'ci_health_weekly', 'cast(counts.week_start as string)', 'counts.scope', 'counts.scope_key'
    ) }}
        as ci_health_weekly_key,
    counts.week_start,
    counts.scope,
    case when counts.scope = 'repository' then counts.scope_key end as repository_key,
    counts.attempt_count,
    counts.cancelled_count,
    counts.running_count,
    counts.judged_count,
    counts.failure_count,
    {{ share_columns('failure_share', 'counts.failure_count', 'counts.judged_count') }},
    counts.finished_count,
    counts.infrastructure_failure_count,
    {{ share_columns(
        'infrastructure_failure_share', 'counts.infrastructure_failure_count', 'counts.finished_count'
    ) }},
    counts.all_failure_count,
    counts.flaky_failure_count,
    {{ share_columns('flaky_failure_share', 'counts.flaky_failure_count', 'counts.all_failure_count') }},
    counts.flaky_lost_seconds,
    counts.setup_seconds,
    counts.run_with_setup_seconds,
    cast(counts.setup_seconds as double) / nullif(counts.run_with_setup_seconds, 0) as setup_share,
    case when counts.run_with_setup_seconds = 0 then 'not_applicable' end as setup_share_null_reason,
    {{ named_estimate('queue') }},
    {{ named_estimate('run') }},
    weeks.is_over and counts.running_count = 0 as is_final
from counts
inner join weeks
    on counts.week_start = weeks.week_start
{{ join_estimate('queue', 'queue', 'counts') }}
{{ join_estimate('run', 'run', 'counts') }}

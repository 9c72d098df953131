{{ config(tags=['clock']) }}

with

jobs as (

    select * from {{ ref('fct_ci_jobs') }}

),

repositories as (

    select * from {{ ref('dim_repository') }}

),

weeks as (

    select * from {{ ref('int_metrics__weeks') }}

),

commits as (

    select
        days.week_start,
        jobs.repository_key,
        jobs.name,
        jobs.sha,
        count(*) as attempt_count,
        count(case when jobs.conclusion = 'running' then 1 end) as running_count,
        count(case when jobs.failure_class = 'code' then 1 end) as failure_count,
        count(case when jobs.failure_class = 'infrastructure' then 1 end) as infrastructure_failure_count,
        bool_or(jobs.conclusion in ('success', 'failure')) as is_judged,
        bool_or(jobs.is_flaky) as is_flaky,
        sum(case when jobs.is_flaky and jobs.conclusion = 'failure' then jobs.run_seconds end)
            as flaky_lost_seconds
    from jobs
    {{ join_reporting_day('coalesce(jobs.queued_at, jobs.started_at, jobs.finished_at)', 'days') }}
    where jobs.sha is not null
    group by days.week_start, jobs.repository_key, jobs.name, jobs.sha

),

counts as (

    select
        week_start,
        repository_key,
        name,
        cast(sum(attempt_count) as bigint) as attempt_count,
        cast(sum(running_count) as bigint) as running_count,
        cast(sum(failure_count) as bigint) as failure_count,
        cast(sum(infrastructure_failure_count) as bigint) as infrastructure_failure_count,
        count(case when is_judged then 1 end) as commit_count,
        count(case when is_flaky then 1 end) as flaky_commit_count,
        cast(coalesce(sum(flaky_lost_seconds), 0) as bigint) as flaky_lost_seconds
    from commits
    group by week_start, repository_key, name

)

select
    {{ surrogate_key(
        'ci_jobs_weekly', 'cast(counts.week_start as string)', 'counts.repository_key', 'counts.name'
    ) }}
        as ci_jobs_weekly_key,
    counts.week_start,
    counts.repository_key,
    repositories.name as repository,
    counts.name as job,
    counts.attempt_count,
    counts.running_count,
    counts.failure_count,
    counts.infrastructure_failure_count,
    counts.commit_count,
    counts.flaky_commit_count,
    {{ share_columns('flaky_share', 'counts.flaky_commit_count', 'counts.commit_count') }},
    counts.flaky_lost_seconds,
    weeks.is_over and counts.running_count = 0 as is_final
from counts
inner join weeks
    on counts.week_start = weeks.week_start
inner join repositories
    on counts.repository_key = repositories.repository_key

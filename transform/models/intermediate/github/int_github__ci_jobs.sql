{{ config(enabled=is_connector_enabled('github')) }}

with

jobs as (

    select * from {{ ref('stg_github__workflow_jobs') }}

),

workflow_runs as (

    select * from {{ ref('stg_github__workflow_runs') }}

),

conclusions as (

    select * from {{ ref('int_github__conclusions') }}

),

-- A job that a re-run did not repeat is listed again under the new attempt, with the times of the old one.
attempted as (

    select
        jobs.*,
        jobs.run_id || ':' || cast(jobs.run_attempt as string) as run_attempt_id,
        case when jobs.run_attempt > 1 then workflow_runs.run_started_at end as attempt_started_at
    from jobs
    left join workflow_runs
        on
            jobs.connection = workflow_runs.connection
            and jobs.run_id = workflow_runs.run_id
            and jobs.run_attempt = workflow_runs.attempt
    where
        jobs.run_attempt = 1
        or jobs.completed_at is null
        or jobs.completed_at > coalesce(workflow_runs.run_started_at, jobs.created_at, jobs.started_at)

),

-- started_at may be the time of queueing, never rewritten: only a runner or a step proves a start.
timed as (

    select
        *,
        greatest(created_at, coalesce(attempt_started_at, created_at)) as queued_at,
        case
            when steps_started_at is not null then steps_started_at
            when runner_id is not null and status in ('in_progress', 'completed') then started_at
        end as runner_started_at,
        case when status = 'completed' then completed_at end as finished_at
    from attempted

),

final as (

    select
        timed.connection,
        'github' as connector,
        timed.job_id as source_id,
        timed.repository_id as repository,
        timed.head_sha as sha,
        timed.head_branch as branch,
        timed.name,
        cast(null as string) as job_type,
        coalesce(nullif(timed.labels, ''), timed.runner_group_name) as runner_pool,
        cast(null as boolean) as is_required,
        timed.run_attempt_id as run,
        timed.run_attempt as attempt,
        timed.queued_at,
        timed.runner_started_at as started_at,
        timed.steps_started_at,
        timed.finished_at,
        timed.setup_seconds,
        case
            when timed.status <> 'completed' then 'running'
            when timed.conclusion = 'failure' and timed.runner_started_at is null
                then 'infrastructure_failure'
            else conclusions.conclusion
        end as conclusion,
        timed.extracted_at
    from timed
    left join conclusions on timed.conclusion = conclusions.github_conclusion

)

select * from final

with

ci_jobs as (

    select * from {{ ref('ci_jobs') }}

),

ci_runs as (

    select * from {{ ref('int_delivery__ci_runs') }}

),

horizons as (

    select * from {{ ref('int_flow__horizons') }}

),

matches as (

    select * from {{ ref('stg_flowgauge__repository_matches') }}

),

reached as (

    select
        ci_jobs.*,
        horizons.events_until_at,
        coalesce(ci_jobs.steps_started_at, ci_jobs.started_at) as execution_started_at
    from ci_jobs
    inner join horizons
        on ci_jobs.connection = horizons.connection
    where coalesce(ci_jobs.queued_at, ci_jobs.started_at, ci_jobs.finished_at) <= horizons.events_until_at

),

known as (

    select
        {{ surrogate_key('ci_job', 'reached.connection', 'reached.source_id') }} as ci_job_key,
        ci_runs.ci_run_key,
        coalesce(matches.hosting_connection, reached.connection) as connection,
        reached.connection as source_connection,
        reached.source_id as ci_job,
        coalesce(matches.hosting_repository, reached.repository) as repository,
        reached.sha,
        reached.branch,
        ci_runs.name as run_name,
        reached.name,
        reached.job_type,
        reached.is_required,
        reached.runner_pool,
        reached.attempt,
        reached.queued_at,
        case
            when reached.execution_started_at <= reached.events_until_at then reached.execution_started_at
        end as started_at,
        case when reached.finished_at <= reached.events_until_at then reached.finished_at end as finished_at,
        case
            when reached.finished_at <= reached.events_until_at then reached.setup_seconds
        end as setup_seconds,
        case
            when reached.finished_at > reached.events_until_at then 'running'
            else reached.conclusion
        end as conclusion
    from reached
    left join ci_runs
        on
            reached.connection = ci_runs.source_connection
            and reached.run = ci_runs.ci_run
    left join matches
        on
            reached.connection = matches.connection
            and reached.repository = matches.repository

)

select * from known

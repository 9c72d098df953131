with

ci_jobs as (

    select * from {{ ref('ci_jobs') }}

),

ci_runs as (

    select * from {{ ref('ci_runs') }}

),

runs_with_jobs as (

    select distinct
        connection,
        run
    from ci_jobs

),

attempts as (

    select
        connection,
        repository,
        sha,
        name,
        source_id,
        attempt,
        is_required,
        conclusion,
        coalesce(queued_at, started_at, finished_at) as queued_at,
        case when conclusion != 'running' then coalesce(finished_at, started_at, queued_at) end as finished_at
    from ci_jobs
    union all
    select
        ci_runs.connection,
        ci_runs.repository,
        ci_runs.sha,
        ci_runs.name,
        ci_runs.source_id,
        ci_runs.attempt,
        cast(null as boolean) as is_required,
        ci_runs.conclusion,
        coalesce(ci_runs.queued_at, ci_runs.started_at, ci_runs.finished_at) as queued_at,
        case
            when ci_runs.conclusion != 'running'
                then coalesce(ci_runs.finished_at, ci_runs.started_at, ci_runs.queued_at)
        end as finished_at
    from ci_runs
    left join runs_with_jobs
        on
            ci_runs.connection = runs_with_jobs.connection
            and ci_runs.source_id = runs_with_jobs.run
    where runs_with_jobs.run is null

)

select * from attempts
where
    sha is not null
    and queued_at is not null

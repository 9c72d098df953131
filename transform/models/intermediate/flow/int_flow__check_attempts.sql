with

ci_jobs as (

    select * from {{ ref('ci_jobs') }}

),

ci_runs as (

    select * from {{ ref('ci_runs') }}

),

matches as (

    select * from {{ ref('stg_flowgauge__repository_matches') }}

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

-- heads and rules are those of the connection that hosts the repository
select
    coalesce(matches.hosting_connection, attempts.connection) as connection,
    coalesce(matches.hosting_repository, attempts.repository) as repository,
    attempts.sha,
    attempts.name,
    attempts.source_id,
    attempts.attempt,
    attempts.is_required,
    attempts.conclusion,
    attempts.queued_at,
    attempts.finished_at
from attempts
left join matches
    on
        attempts.connection = matches.connection
        and attempts.repository = matches.repository
where
    attempts.sha is not null
    and attempts.queued_at is not null

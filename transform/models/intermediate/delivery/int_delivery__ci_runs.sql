with

ci_runs as (

    select * from {{ ref('ci_runs') }}

),

horizons as (

    select * from {{ ref('int_flow__horizons') }}

),

matches as (

    select * from {{ ref('stg_flowgauge__repository_matches') }}

),

known as (

    select
        {{ surrogate_key('ci_run', 'ci_runs.connection', 'ci_runs.source_id') }} as ci_run_key,
        coalesce(matches.hosting_connection, ci_runs.connection) as connection,
        ci_runs.connection as source_connection,
        ci_runs.source_id as ci_run,
        coalesce(matches.hosting_repository, ci_runs.repository) as repository,
        ci_runs.sha,
        ci_runs.branch,
        ci_runs.trigger,
        ci_runs.name,
        ci_runs.run,
        ci_runs.attempt,
        ci_runs.queued_at,
        case when ci_runs.started_at <= horizons.events_until_at then ci_runs.started_at end as started_at,
        case when ci_runs.finished_at <= horizons.events_until_at then ci_runs.finished_at end as finished_at,
        case
            when ci_runs.finished_at <= horizons.events_until_at then ci_runs.busy_seconds
        end as busy_seconds,
        case
            when ci_runs.finished_at > horizons.events_until_at then 'running'
            else ci_runs.conclusion
        end as conclusion
    from ci_runs
    inner join horizons
        on ci_runs.connection = horizons.connection
    left join matches
        on
            ci_runs.connection = matches.connection
            and ci_runs.repository = matches.repository
    where coalesce(ci_runs.queued_at, ci_runs.started_at, ci_runs.finished_at) <= horizons.events_until_at

)

select * from known

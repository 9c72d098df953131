{{ config(enabled=is_connector_enabled('github')) }}

with

shas as (

    select * from {{ ref('int_github__pull_request_shas') }}

),

recorded as (

    select * from {{ ref('int_github__recorded_pushes') }}

),

workflow_runs as (

    select * from {{ ref('stg_github__workflow_runs') }}

),

first_runs as (

    select
        connection,
        repository_id,
        head_branch,
        head_sha,
        min(created_at) as created_at
    from workflow_runs
    where event in ('push', 'pull_request', 'pull_request_target')
    group by connection, repository_id, head_branch, head_sha

),

recorded_times as (

    select
        connection,
        pull_request_id,
        sha,
        min(occurred_at) as occurred_at
    from recorded
    group by connection, pull_request_id, sha

),

-- Commits between the two ends of a recorded push came with it and were never the head themselves; of a push
-- that replaced all commits before it, these are all that lead to its end.
carried as (

    select distinct
        inner_shas.connection,
        inner_shas.pull_request_id,
        inner_shas.sha
    from recorded
    inner join shas as last_shas
        on
            recorded.connection = last_shas.connection
            and recorded.pull_request_id = last_shas.pull_request_id
            and recorded.sha = last_shas.sha
    left join shas as first_shas
        on
            recorded.connection = first_shas.connection
            and recorded.pull_request_id = first_shas.pull_request_id
            and recorded.before_sha = first_shas.sha
    inner join shas as inner_shas
        on
            recorded.connection = inner_shas.connection
            and recorded.pull_request_id = inner_shas.pull_request_id
            and last_shas.position > inner_shas.position
    where
        recorded.method = 'activity'
        and (first_shas.position is null or inner_shas.position > first_shas.position)

),

timed as (

    select
        shas.*,
        recorded_times.occurred_at is not null as is_recorded,
        carried.sha is not null as is_carried,
        first_runs.created_at as first_run_at,
        coalesce(recorded_times.occurred_at, first_runs.created_at) as known_at
    from shas
    left join recorded_times
        on
            shas.connection = recorded_times.connection
            and shas.pull_request_id = recorded_times.pull_request_id
            and shas.sha = recorded_times.sha
    left join carried
        on
            shas.connection = carried.connection
            and shas.pull_request_id = carried.pull_request_id
            and shas.sha = carried.sha
    left join first_runs
        on
            shas.connection = first_runs.connection
            and shas.repository_id = first_runs.repository_id
            and shas.head_branch = first_runs.head_branch
            and shas.sha = first_runs.head_sha

),

between_neighbours as (

    select
        *,
        {{ last_known(
            'known_at',
            'partition by connection, pull_request_id order by position nulls last '
            ~ 'rows between unbounded preceding and 1 preceding'
        ) }} as known_before_at,
        {{ first_known(
            'known_at',
            'partition by connection, pull_request_id order by position nulls last '
            ~ 'rows between 1 following and unbounded following'
        ) }} as known_after_at
    from timed

),

derived as (

    select
        connection,
        pull_request_id,
        pull_request_id || ':push:' || sha as event_id,
        'pushed' as type,
        coalesce(first_run_at, committed_at) as occurred_at,
        author_id as actor_id,
        cast(null as string) as before_sha,
        sha,
        case when first_run_at is not null then 'first_ci_run' else 'committed_at' end as method
    from between_neighbours
    where
        not is_recorded
        and not is_carried
        and coalesce(first_run_at, committed_at) <= coalesce(ended_at, first_run_at, committed_at)
        and (
            first_run_at is not null
            or committed_at
            between coalesce(known_before_at, committed_at) and coalesce(known_after_at, committed_at)
        )

)

select * from derived

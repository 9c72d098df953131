{{ config(materialized='table') }}

with

attempts as (

    select * from {{ ref('int_flow__check_attempts') }}

),

latest as (

    select
        *,
        greatest(queued_at, finished_at) as settled_at,
        lead(queued_at) over (
            partition by connection, repository, sha, name order by queued_at, attempt, source_id
        ) as replaced_at
    from attempts

),

check_spans as (

    select
        connection,
        repository,
        sha,
        name,
        source_id as event_id,
        is_required,
        'pending' as status,
        queued_at as started_at,
        case when finished_at is null then replaced_at else least(settled_at, replaced_at) end as ended_at
    from latest
    union all
    select
        connection,
        repository,
        sha,
        name,
        source_id as event_id,
        is_required,
        'failed' as status,
        settled_at as started_at,
        replaced_at as ended_at
    from latest
    where
        finished_at is not null
        and conclusion in ('failure', 'timed_out', 'infrastructure_failure')

)

select * from check_spans
where ended_at is null or started_at < ended_at

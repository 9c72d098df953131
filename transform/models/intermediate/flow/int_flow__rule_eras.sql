{{ config(materialized='table') }}

with

spans as (

    select * from {{ ref('int_flow__change_spans') }}

),

changes as (

    select * from {{ ref('int_flow__changes') }}

),

branch_rules as (

    select * from {{ ref('branch_rules') }}

),

versions as (

    select
        *,
        row_number() over version_order as version,
        lead(first_seen_at) over version_order as next_seen_at
    from branch_rules
    window version_order as (
        partition by connection, repository, branch order by first_seen_at, source_id
    )

),

matching as (

    select
        changes.change_key,
        spans.build_started_at,
        coalesce(spans.ended_at, spans.events_until_at) as swept_until_at,
        versions.source_id as event_id,
        versions.version,
        versions.first_seen_at,
        versions.next_seen_at,
        versions.required_approving_review_count,
        versions.required_check_names
    from changes
    inner join spans
        on changes.change_key = spans.change_key
    left join versions
        on
            changes.connection = versions.connection
            and changes.repository = versions.repository
            and changes.base_branch = versions.branch

),

eras as (

    select
        *,
        false as is_backcast,
        greatest(build_started_at, first_seen_at) as started_at,
        next_seen_at as era_ended_at
    from matching
    where
        version is null
        or (
            first_seen_at <= swept_until_at
            and build_started_at < coalesce(next_seen_at, swept_until_at + interval '1' day)
        )
    union all
    select
        *,
        true as is_backcast,
        build_started_at as started_at,
        first_seen_at as era_ended_at
    from matching
    where
        version = 1
        and build_started_at < first_seen_at

)

select
    change_key,
    event_id,
    is_backcast,
    started_at,
    era_ended_at as ended_at,
    required_approving_review_count,
    required_check_names
from eras

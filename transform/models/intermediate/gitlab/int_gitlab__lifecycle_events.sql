{{ config(enabled=is_connector_enabled('gitlab')) }}

with

changes as (

    select * from {{ ref('int_gitlab__changes') }}

),

merge_requests as (

    select * from {{ ref('stg_gitlab__merge_requests') }}

),

state_events as (

    select * from {{ ref('stg_gitlab__merge_request_state_events') }}

),

ranked as (

    select
        *,
        row_number() over (
            partition by connection, merge_request_id, state order by occurred_at desc, event_id desc
        ) as place_from_last
    from state_events

),

opened as (

    select
        connection,
        source_id as change,
        source_id || ':opened' as event_id,
        'opened' as type,
        created_at as occurred_at,
        author_account as actor_id,
        cast(null as string) as sha
    from changes

),

-- The last merge, and the last closing of what is closed, are told by the merge request itself.
returned as (

    select
        ranked.connection,
        ranked.merge_request_id as change,
        'state:' || ranked.event_id as event_id,
        ranked.state as type,
        ranked.occurred_at,
        ranked.actor_id,
        cast(null as string) as sha
    from ranked
    inner join changes
        on
            ranked.connection = changes.connection
            and ranked.merge_request_id = changes.source_id
    where
        ranked.state in ('closed', 'reopened')
        and not (ranked.state = 'closed' and changes.state = 'closed' and ranked.place_from_last = 1)

),

ended as (

    select
        changes.connection,
        changes.source_id as change,
        coalesce('state:' || ranked.event_id, changes.source_id || ':' || changes.state) as event_id,
        changes.state as type,
        changes.closed_at as occurred_at,
        coalesce(
            changes.merged_by_account,
            case when changes.state = 'closed' then merge_requests.closed_by_id end,
            ranked.actor_id
        ) as actor_id,
        changes.merge_sha as sha
    from changes
    inner join merge_requests
        on
            changes.connection = merge_requests.connection
            and changes.source_id = merge_requests.merge_request_id
    left join ranked
        on
            changes.connection = ranked.connection
            and changes.source_id = ranked.merge_request_id
            and changes.state = ranked.state
            and ranked.place_from_last = 1
    where
        changes.state in ('merged', 'closed')
        and changes.closed_at is not null

),

united as (

    select * from opened
    union all
    select * from returned
    union all
    select * from ended

)

select * from united

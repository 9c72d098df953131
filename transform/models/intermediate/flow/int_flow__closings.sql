with

change_events as (

    select * from {{ ref('int_flow__change_events') }}

),

changes as (

    select * from {{ ref('int_flow__changes') }}

),

switches as (

    select
        change_key,
        sequence,
        occurred_at,
        event_id,
        type,
        lag(type) over (partition by change_key order by sequence) as type_before
    from change_events
    where type in ('closed', 'reopened')

),

transitions as (

    select
        change_key,
        type,
        event_id,
        occurred_at,
        lead(occurred_at) over (partition by change_key order by sequence) as next_occurred_at
    from switches
    where type != coalesce(type_before, 'reopened')

),

closings as (

    select
        transitions.change_key,
        transitions.event_id,
        transitions.occurred_at as closed_at,
        coalesce(transitions.next_occurred_at, changes.merged_at) as resumed_at
    from transitions
    inner join changes
        on transitions.change_key = changes.change_key
    where
        transitions.type = 'closed'
        and transitions.occurred_at <= coalesce(changes.merged_at, transitions.occurred_at)

)

select * from closings

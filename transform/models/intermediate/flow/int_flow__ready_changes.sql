with

changes as (

    select * from {{ ref('int_flow__changes') }}

),

change_events as (

    select * from {{ ref('int_flow__change_events') }}

),

ready_changes as (

    select
        changes.change_key,
        min(change_events.occurred_at) as ready_at,
        min(change_events.sequence) as ready_sequence
    from changes
    inner join change_events
        on changes.change_key = change_events.change_key
    where
        change_events.type = 'ready_for_review'
        or (change_events.type = 'opened' and not changes.is_opened_as_draft)
    group by changes.change_key

)

select * from ready_changes

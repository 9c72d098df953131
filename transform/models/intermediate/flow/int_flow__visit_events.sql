with

visits as (

    select * from {{ ref('int_flow__visits') }}

),

change_events as (

    select * from {{ ref('int_flow__change_events') }}

),

visit_events as (

    select
        visits.change_key,
        visits.entered_at,
        max_by(change_events.event_id, change_events.sequence) as event_id
    from visits
    inner join change_events
        on
            visits.change_key = change_events.change_key
            and visits.entered_at = change_events.occurred_at
    where not visits.is_after_merge
    group by visits.change_key, visits.entered_at

)

select * from visit_events

with

changes as (

    select * from {{ ref('changes') }}

),

change_events as (

    select * from {{ ref('change_events') }}

),

draft_events as (

    select
        connection,
        change,
        type
    from change_events
    where type in ('ready_for_review', 'converted_to_draft')
    qualify row_number() over (partition by connection, change order by occurred_at, source_id) = 1

),

opening_modes as (

    select
        changes.connection,
        changes.source_id as change,
        coalesce(draft_events.type = 'ready_for_review', changes.is_draft, false) as is_opened_as_draft
    from changes
    left join draft_events
        on
            changes.connection = draft_events.connection
            and changes.source_id = draft_events.change

)

select * from opening_modes

{{ config(enabled=is_connector_enabled('gitlab')) }}

with

notes as (

    select * from {{ ref('stg_gitlab__merge_request_notes') }}

),

note_types as (

    select * from {{ ref('int_gitlab__note_types') }}

),

impossible_notes as (

    select * from {{ ref('int_gitlab__impossible_notes') }}

),

-- Who takes back an approval takes back their own; a push takes back those of others.
final as (

    select
        notes.connection,
        notes.merge_request_id,
        notes.note_id as event_id,
        note_types.type,
        notes.occurred_at,
        notes.actor_id,
        case when notes.type = 'unapproved' then notes.actor_id else notes.subject_id end as subject_id,
        case when note_types.type = 'review_dismissed' then 'approved' else notes.detail end as detail
    from notes
    inner join note_types on notes.type = note_types.note_type
    left join impossible_notes
        on
            notes.connection = impossible_notes.connection
            and notes.note_id = impossible_notes.note_id
    where impossible_notes.note_id is null

)

select * from final

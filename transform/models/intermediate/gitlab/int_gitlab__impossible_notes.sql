{{ config(enabled=is_connector_enabled('gitlab')) }}

with

notes as (

    select * from {{ ref('stg_gitlab__merge_request_notes') }}

),

merge_requests as (

    select * from {{ ref('stg_gitlab__merge_requests') }}

),

final as (

    select
        notes.connection,
        notes.note_id,
        notes.type,
        notes.merge_request_id,
        notes.occurred_at,
        merge_requests.created_at,
        notes.extracted_at
    from notes
    inner join merge_requests
        on
            notes.connection = merge_requests.connection
            and notes.merge_request_id = merge_requests.merge_request_id
    where notes.occurred_at < merge_requests.created_at

)

select * from final

{{ config(enabled=is_connector_enabled('gitlab')) }}

with

source as (

    select * from {{ source('gitlab', 'merge_request_notes') }}

),

renamed as (

    select
        connection,
        id as note_id,
        merge_request_id,
        repository_id,
        type,
        {{ to_utc('occurred_at') }} as occurred_at,
        actor_id,
        subject_id,
        detail,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed

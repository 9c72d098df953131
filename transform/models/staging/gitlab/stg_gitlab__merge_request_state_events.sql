{{ config(enabled=is_connector_enabled('gitlab')) }}

with

source as (

    select * from {{ source('gitlab', 'merge_request_state_events') }}

),

renamed as (

    select
        connection,
        id as event_id,
        merge_request_id,
        repository_id,
        state,
        {{ to_utc('occurred_at') }} as occurred_at,
        actor_id,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed

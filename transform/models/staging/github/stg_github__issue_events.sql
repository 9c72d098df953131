{{ config(enabled=is_connector_enabled('github')) }}

with

source as (

    select * from {{ source('github', 'issue_events') }}

),

renamed as (

    select
        connection,
        id as event_id,
        issue_id,
        repository_id,
        type,
        {{ to_utc('occurred_at') }} as occurred_at,
        actor_id,
        state_reason,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed

{{ config(enabled=is_connector_enabled('copilot')) }}

with

source as (

    select * from {{ source('copilot', 'seats') }}

),

renamed as (

    select
        connection,
        user_id,
        day,
        {{ to_utc('created_at') }} as created_at,
        {{ to_utc('last_activity_at') }} as last_activity_at,
        {{ to_utc('last_authenticated_at') }} as last_authenticated_at,
        pending_cancellation_on,
        plan_type,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed

{{ config(enabled=is_connector_enabled('posthog')) }}

with

source as (

    select * from {{ source('posthog', 'events') }}

),

renamed as (

    select
        connection,
        uuid,
        event,
        customer_id,
        flag_key,
        flag_response,
        {{ to_utc('occurred_at') }} as occurred_at,
        {{ to_utc('received_at') }} as received_at,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed

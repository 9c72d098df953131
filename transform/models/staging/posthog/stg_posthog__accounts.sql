{{ config(enabled=is_connector_enabled('posthog')) }}

with

source as (

    select * from {{ source('posthog', 'accounts') }}

),

renamed as (

    select
        connection,
        id as account_id,
        first_name,
        email_hash,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed

{{ config(enabled=is_connector_enabled('pagerduty')) }}

with

source as (

    select * from {{ source('pagerduty', 'users') }}

),

renamed as (

    select
        connection,
        id as user_id,
        name,
        email_hash,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed

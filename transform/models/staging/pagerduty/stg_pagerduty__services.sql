{{ config(enabled=is_connector_enabled('pagerduty')) }}

with

source as (

    select * from {{ source('pagerduty', 'services') }}

),

renamed as (

    select
        connection,
        id as service_id,
        name,
        status,
        {{ to_utc('created_at') }} as created_at,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed

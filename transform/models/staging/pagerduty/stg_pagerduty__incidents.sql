{{ config(enabled=is_connector_enabled('pagerduty')) }}

with

source as (

    select * from {{ source('pagerduty', 'incidents') }}

),

renamed as (

    select
        connection,
        id as incident_id,
        number,
        status,
        urgency,
        priority,
        service_id,
        {{ to_utc('created_at') }} as created_at,
        {{ to_utc('updated_at') }} as updated_at,
        {{ to_utc('last_status_change_at') }} as last_status_change_at,
        resolve_reason,
        merged_into_id,
        {{ to_utc('gone_at') }} as gone_at,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed

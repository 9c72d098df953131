{{ config(enabled=is_connector_enabled('pagerduty')) }}

with

source as (

    select * from {{ source('pagerduty', 'log_entries') }}

),

renamed as (

    select
        connection,
        id as log_entry_id,
        incident_id,
        type,
        {{ to_utc('occurred_at') }} as occurred_at,
        agent_type,
        agent_id,
        channel_type,
        assignee_type,
        assignee_id,
        assignee_count,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed

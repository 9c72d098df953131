{{ config(enabled=is_connector_enabled('copilot')) }}

with

source as (

    select * from {{ source('copilot', 'agent_task_artifacts') }}

),

renamed as (

    select
        connection,
        task_id,
        type,
        reference,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed

{{ config(enabled=is_connector_enabled('copilot')) }}

with

source as (

    select * from {{ source('copilot', 'agent_tasks') }}

),

renamed as (

    select
        connection,
        id as task_id,
        repository_id,
        creator_id,
        state,
        {{ to_utc('created_at') }} as created_at,
        {{ to_utc('updated_at') }} as updated_at,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed

{{ config(enabled=is_connector_enabled('copilot')) }}

with

source as (

    select * from {{ source('copilot', 'agent_task_sessions') }}

),

renamed as (

    select
        connection,
        id as session_id,
        task_id,
        state,
        head_branch,
        model,
        {{ to_utc('created_at') }} as created_at,
        {{ to_utc('completed_at') }} as completed_at,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed

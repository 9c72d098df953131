{{ config(enabled=is_connector_enabled('copilot')) }}

with

source as (

    select * from {{ source('copilot', 'user_days') }}

),

renamed as (

    select
        connection,
        user_id,
        day,
        interaction_count,
        cli_prompt_count,
        generation_count,
        acceptance_count,
        suggested_line_count,
        added_line_count,
        deleted_line_count,
        used_agent,
        used_chat,
        used_cli,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed

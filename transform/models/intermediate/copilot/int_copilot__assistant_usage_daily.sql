{{ config(enabled=is_connector_enabled('copilot')) }}

with

user_days as (

    select * from {{ ref('stg_copilot__user_days') }}

),

final as (

    select
        connection,
        'copilot' as connector,
        user_id || '|copilot|' || cast(day as string) as source_id,
        user_id as account,
        'copilot' as tool,
        day,
        cast(null as bigint) as session_count,
        interaction_count + coalesce(cli_prompt_count, 0) as prompt_count,
        generation_count as suggested_count,
        acceptance_count as accepted_count,
        added_line_count,
        deleted_line_count as removed_line_count,
        cast(null as bigint) as commit_count,
        cast(null as bigint) as change_count,
        cast(null as double) as cost_usd,
        extracted_at
    from user_days

)

select * from final

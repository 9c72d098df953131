{{ config(enabled=is_connector_enabled('claude_code')) }}

with

usage_days as (

    select * from {{ ref('stg_claude_code__usage_days') }}

),

-- the cost of a day is known only where all its terminals tell it
final as (

    select
        connection,
        'claude_code' as connector,
        actor_id || '|claude_code|' || cast(day as string) as source_id,
        actor_id as account,
        'claude_code' as tool,
        day,
        cast(sum(session_count) as bigint) as session_count,
        cast(null as bigint) as prompt_count,
        cast(sum(accepted_edit_count + rejected_edit_count) as bigint) as suggested_count,
        cast(sum(accepted_edit_count) as bigint) as accepted_count,
        cast(sum(added_line_count) as bigint) as added_line_count,
        cast(sum(removed_line_count) as bigint) as removed_line_count,
        cast(sum(commit_count) as bigint) as commit_count,
        cast(sum(pull_request_count) as bigint) as change_count,
        case when count(*) = count(cost_usd_cents) then sum(cost_usd_cents) / 100 end as cost_usd,
        max(extracted_at) as extracted_at
    from usage_days
    group by connection, actor_id, day

)

select * from final

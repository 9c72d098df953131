{{ config(enabled=is_connector_enabled('claude_code')) }}

with

source as (

    select * from {{ source('claude_code', 'usage_days') }}

),

renamed as (

    select
        connection,
        day,
        actor_id,
        terminal_type,
        customer_type,
        subscription_type,
        session_count,
        added_line_count,
        removed_line_count,
        commit_count,
        pull_request_count,
        accepted_edit_count,
        rejected_edit_count,
        cost_usd_cents,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed

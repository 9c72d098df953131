{{ config(enabled=is_connector_enabled('copilot')) }}

with

seats as (

    select * from {{ ref('stg_copilot__seats') }}

),

final as (

    select
        connection,
        'copilot' as connector,
        user_id || '|copilot|' || cast(day as string) as source_id,
        user_id as account,
        'copilot' as tool,
        day,
        created_at as assigned_at,
        last_activity_at as last_active_at,
        plan_type as plan,
        extracted_at
    from seats

)

select * from final

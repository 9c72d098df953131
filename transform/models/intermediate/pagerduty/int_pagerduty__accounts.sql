{{ config(enabled=is_connector_enabled('pagerduty')) }}

with

users as (

    select * from {{ ref('stg_pagerduty__users') }}

),

final as (

    select
        connection,
        'pagerduty' as connector,
        user_id as source_id,
        name as login,
        cast(null as string) as display_name,
        email_hash,
        'human' as kind,
        extracted_at
    from users

)

select * from final

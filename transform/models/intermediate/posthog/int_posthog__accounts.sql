{{ config(enabled=is_connector_enabled('posthog')) }}

with

accounts as (

    select * from {{ ref('stg_posthog__accounts') }}

),

final as (

    select
        connection,
        'posthog' as connector,
        account_id as source_id,
        first_name as login,
        cast(null as string) as display_name,
        email_hash,
        'human' as kind,
        extracted_at
    from accounts

)

select * from final

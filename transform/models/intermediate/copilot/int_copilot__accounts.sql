{{ config(enabled=is_connector_enabled('copilot')) }}

with

accounts as (

    select * from {{ ref('stg_copilot__accounts') }}

),

-- only people hold seats and are in usage reports
final as (

    select
        connection,
        'copilot' as connector,
        account_id as source_id,
        login,
        cast(null as string) as display_name,
        cast(null as string) as email_hash,
        'human' as kind,
        extracted_at
    from accounts

)

select * from final

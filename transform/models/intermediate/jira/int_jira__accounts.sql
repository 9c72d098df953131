{{ config(enabled=is_connector_enabled('jira')) }}

with

accounts as (

    select * from {{ ref('stg_jira__accounts') }}

),

final as (

    select
        connection,
        'jira' as connector,
        account_id as source_id,
        coalesce(display_name, account_id) as login,
        cast(null as string) as display_name,
        email_hash,
        case when type = 'app' then 'service' else 'human' end as kind,
        extracted_at
    from accounts

)

select * from final

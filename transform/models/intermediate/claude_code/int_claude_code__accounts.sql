{{ config(enabled=is_connector_enabled('claude_code')) }}

with

actors as (

    select * from {{ ref('stg_claude_code__actors') }}

),

-- the hash stands in for a login, which people do not have here
final as (

    select
        connection,
        'claude_code' as connector,
        actor_id as source_id,
        coalesce(api_key_name, actor_id) as login,
        cast(null as string) as display_name,
        email_hash,
        case when actor_type = 'user_actor' then 'human' else 'service' end as kind,
        extracted_at
    from actors

)

select * from final

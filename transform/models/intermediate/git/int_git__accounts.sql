{{ config(enabled=is_connector_enabled('git')) }}

with

accounts as (

    select
        *,
        coalesce(name, account_id) as login
    from {{ ref('stg_git__accounts') }}

),

declared_bots as (

    select
        connection,
        {{ plain_login('login') }} as login,
        min(kind) as kind
    from {{ ref('stg_flowgauge__bots') }}
    group by connection, {{ plain_login('login') }}

),

known_bots as (

    select * from {{ ref('known_bots') }}

),

named as (

    select
        *,
        {{ plain_login('login') }} as plain_login,
        login ilike '%[bot]' as is_app
    from accounts

),

final as (

    select
        named.connection,
        'git' as connector,
        named.account_id as source_id,
        named.login,
        named.name as display_name,
        named.account_id as email_hash,
        case
            when declared_here.kind is not null then declared_here.kind
            when declared_anywhere.kind is not null then declared_anywhere.kind
            when named.is_assistant then 'ai_agent'
            when known_bots.kind is not null then known_bots.kind
            when named.is_app then 'service'
            else 'human'
        end as kind,
        named.extracted_at
    from named
    left join declared_bots as declared_here
        on
            named.connection = declared_here.connection
            and named.plain_login = declared_here.login
    left join declared_bots as declared_anywhere
        on
            declared_anywhere.connection is null
            and named.plain_login = declared_anywhere.login
    left join known_bots
        on
            named.plain_login = known_bots.login
            and (named.is_app or known_bots.is_user_account)

)

select * from final

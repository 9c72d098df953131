{{ config(enabled=is_connector_enabled('gitlab')) }}

with

accounts as (

    select * from {{ ref('stg_gitlab__accounts') }}

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

-- Access tokens of projects and groups act as users that GitLab names by this pattern.
named as (

    select
        *,
        {{ plain_login('username') }} as plain_login,
        coalesce(is_bot, false)
        or {{ matches('username', '^(project|group)_[0-9]+_bot') }}
        or username like 'service_account_%' as is_machine
    from accounts

),

final as (

    select
        named.connection,
        'gitlab' as connector,
        named.account_id as source_id,
        named.username as login,
        cast(null as string) as display_name,
        named.email_hash,
        case
            when declared_here.kind is not null then declared_here.kind
            when declared_anywhere.kind is not null then declared_anywhere.kind
            when known_bots.kind is not null then known_bots.kind
            when named.is_machine then 'service'
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
            and (named.is_machine or known_bots.is_user_account)

)

select * from final

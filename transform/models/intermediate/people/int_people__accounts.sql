with

accounts as (

    select * from {{ ref('accounts') }}

),

bots as (

    select * from {{ ref('stg_flowgauge__bots') }}

),

person_accounts as (

    select * from {{ ref('stg_flowgauge__person_accounts') }}

),

declared as (

    select
        accounts.connection,
        accounts.source_id as account,
        max_by(bots.kind, bots.connection is not null) as kind
    from accounts
    inner join bots
        on
            lower(accounts.login) = lower(bots.login)
            and (accounts.connection = bots.connection or bots.connection is null)
    group by accounts.connection, accounts.source_id

),

people as (

    select
        accounts.connection,
        accounts.source_id as account,
        accounts.login,
        coalesce(declared.kind, accounts.kind) as kind,
        coalesce(declared.kind, accounts.kind) = 'human' as is_human,
        person_accounts.account_key,
        person_accounts.person_key,
        person_accounts.method
    from accounts
    left join person_accounts
        on
            accounts.connection = person_accounts.connection
            and accounts.source_id = person_accounts.account
    left join declared
        on
            accounts.connection = declared.connection
            and accounts.source_id = declared.account

)

select * from people

{{ config(enabled=is_connector_enabled('gitlab')) }}

with

accounts as (

    select * from {{ ref('stg_gitlab__accounts') }}

),

-- An address that two users show is nobody's.
final as (

    select
        connection,
        email_hash,
        min(account_id) as account_id
    from accounts
    where email_hash is not null
    group by connection, email_hash
    having count(*) = 1

)

select * from final

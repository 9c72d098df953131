{{ config(enabled=is_connector_enabled('pagerduty')) }}

with

users as (

    select * from {{ ref('stg_pagerduty__users') }}

),

log_entries as (

    select * from {{ ref('stg_pagerduty__log_entries') }}

),

met as (

    select
        connection,
        agent_id as user_id,
        extracted_at
    from log_entries
    where agent_type in ('user_reference', 'user')
    union all
    select
        connection,
        assignee_id as user_id,
        extracted_at
    from log_entries
    where assignee_type in ('user_reference', 'user')

),

-- who was deleted before the first load is known by the log alone
strangers as (

    select
        met.connection,
        met.user_id,
        max(met.extracted_at) as extracted_at
    from met
    left join users
        on
            met.connection = users.connection
            and met.user_id = users.user_id
    where met.user_id is not null and users.user_id is null
    group by met.connection, met.user_id

),

known as (

    select
        connection,
        user_id,
        name,
        email_hash,
        extracted_at
    from users
    union all
    select
        connection,
        user_id,
        cast(null as string) as name,
        cast(null as string) as email_hash,
        extracted_at
    from strangers

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
    from known

)

select * from final

{{ config(enabled=is_connector_enabled('github')) }}

with

deployments as (

    select * from {{ ref('stg_github__deployments') }}

),

statuses as (

    select * from {{ ref('int_github__deployment_statuses') }}

),

united as (

    select
        connection,
        deployment_id,
        deployment_id || ':created' as event_id,
        'created' as type,
        created_at as occurred_at,
        creator_id as actor_id,
        'exact' as exactness
    from deployments
    union all
    select
        connection,
        deployment_id,
        status_id || ':gate' as event_id,
        gate_decision as type,
        created_at as occurred_at,
        cast(null as string) as actor_id,
        'derived' as exactness
    from statuses
    where gate_decision is not null
    union all
    select
        connection,
        deployment_id,
        status_id as event_id,
        type,
        created_at as occurred_at,
        creator_id as actor_id,
        case
            when type in ('gate_opened', 'cancelled', 'superseded') then 'derived'
            else 'exact'
        end as exactness
    from statuses

),

final as (

    select
        united.connection,
        'github' as connector,
        united.event_id as source_id,
        united.deployment_id as deployment,
        deployments.repository_id as repository,
        united.type,
        united.occurred_at,
        united.actor_id as actor_account,
        united.exactness,
        deployments.extracted_at
    from united
    inner join deployments
        on
            united.connection = deployments.connection
            and united.deployment_id = deployments.deployment_id

)

select * from final

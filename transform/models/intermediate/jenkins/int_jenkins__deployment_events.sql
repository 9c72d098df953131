{{ config(enabled=is_connector_enabled('jenkins')) }}

with

deployments as (

    select * from {{ ref('int_jenkins__deployments') }}

),

-- when it was created is worked out from its time in the queue, or is its start
events as (

    select
        *,
        'created' as type,
        created_at as occurred_at,
        'derived' as exactness
    from deployments
    union all
    select
        *,
        'started' as type,
        started_at as occurred_at,
        'exact' as exactness
    from deployments
    union all
    select
        *,
        case status when 'success' then 'succeeded' when 'failure' then 'failed' else 'cancelled' end as type,
        finished_at as occurred_at,
        'exact' as exactness
    from deployments
    where finished_at is not null

),

final as (

    select
        connection,
        connector,
        source_id || ':' || type as source_id,
        source_id as deployment,
        repository,
        type,
        occurred_at,
        cast(null as string) as actor_account,
        exactness,
        extracted_at
    from events

)

select * from final

{{ config(enabled=is_connector_enabled('gitlab')) }}

with

outcomes as (

    select * from {{ ref('int_gitlab__deployment_outcomes') }}

),

united as (

    select
        *,
        'created' as type,
        created_at as occurred_at,
        user_id as actor_id,
        'exact' as exactness
    from outcomes
    union all
    -- What needs approvals is blocked from its creation on.
    select
        *,
        'gate_opened' as type,
        created_at as occurred_at,
        cast(null as string) as actor_id,
        'derived' as exactness
    from outcomes
    where has_gate
    union all
    select
        *,
        'gate_approved' as type,
        approved_at as occurred_at,
        approved_by_id as actor_id,
        'exact' as exactness
    from outcomes
    where approved_at is not null and rejected_at is null
    union all
    select
        *,
        'gate_rejected' as type,
        rejected_at as occurred_at,
        rejected_by_id as actor_id,
        'exact' as exactness
    from outcomes
    where rejected_at is not null
    union all
    select
        *,
        'started' as type,
        started_at as occurred_at,
        user_id as actor_id,
        'exact' as exactness
    from outcomes
    where started_at is not null
    union all
    -- Without a job that ended, only the last change of the deployment is known.
    select
        *,
        case outcome
            when 'success' then 'succeeded'
            when 'failure' then 'failed'
            else 'cancelled'
        end as type,
        finished_at as occurred_at,
        cast(null as string) as actor_id,
        case when finished_at in (job_finished_at, rejected_at) then 'exact' else 'derived' end as exactness
    from outcomes
    where finished_at is not null

),

final as (

    select
        connection,
        'gitlab' as connector,
        deployment_id || ':' || type as source_id,
        deployment_id as deployment,
        repository_id as repository,
        type,
        occurred_at,
        actor_id as actor_account,
        exactness,
        extracted_at
    from united

)

select * from final

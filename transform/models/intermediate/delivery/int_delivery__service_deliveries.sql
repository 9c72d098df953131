{{ config(materialized='table') }}

with

outcomes as (

    select * from {{ ref('int_delivery__service_outcomes') }}

),

reverts as (

    select * from {{ ref('int_delivery__reverts') }}

),

decided as (

    select
        outcomes.*,
        reverts.reverted_at,
        outcomes.delivery_state != 'not_applicable'
        and reverts.reverted_at is not null
        and coalesce(reverts.reverted_at < outcomes.decided_at, true) as is_superseded
    from outcomes
    left join reverts
        on outcomes.change_key = reverts.change_key

),

effective as (

    select
        *,
        delivery_state = 'deployed' and not is_superseded as is_deployed
    from decided

)

select
    change_key,
    service_key,
    is_main,
    merged_at,
    case when is_superseded then 'superseded' else delivery_state end as delivery_state,
    case when is_superseded then reverted_at else decided_at end as decided_at,
    case when is_deployed then deployment_key end as deployment_key,
    case when is_deployed then deploy_created_at end as deploy_created_at,
    case when is_deployed then deploy_started_at end as deploy_started_at,
    case when is_deployed then deployed_at end as deployed_at,
    case when is_deployed then method end as method,
    case when is_deployed then confidence end as confidence,
    is_deployed and is_before_merge as is_deployed_before_merge
from effective

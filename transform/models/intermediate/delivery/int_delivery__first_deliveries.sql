{{ config(materialized='table') }}

with

target_changes as (

    select * from {{ ref('int_delivery__target_changes') }}

),

target_deployments as (

    select * from {{ ref('int_delivery__target_deployments') }}

),

deployment_changes as (

    select * from {{ ref('int_delivery__deployment_changes') }}

),

-- live at the merge, or brought live at or after it
delivered as (

    select
        target_changes.change_key,
        target_changes.service_key,
        target_deployments.deployment_key,
        target_deployments.created_at as deploy_created_at,
        target_deployments.started_at as deploy_started_at,
        target_deployments.finished_at as deployed_at,
        deployment_changes.method,
        deployment_changes.confidence,
        target_deployments.finished_at < target_changes.merged_at as is_before_merge
    from deployment_changes
    inner join target_deployments
        on deployment_changes.deployment_key = target_deployments.deployment_key
    inner join target_changes
        on
            deployment_changes.change_key = target_changes.change_key
            and target_deployments.service_key = target_changes.service_key
    where
        deployment_changes.is_delivered
        and (
            target_deployments.finished_at >= target_changes.merged_at
            or coalesce(deployment_changes.removed_at >= target_changes.merged_at, true)
        )

)

select *
from delivered
qualify row_number() over (
    partition by change_key, service_key order by deployed_at, deploy_created_at, deployment_key
) = 1

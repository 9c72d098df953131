{{ config(materialized='table') }}

with

changes as (

    select * from {{ ref('int_flow__changes') }}

),

milestones as (

    select * from {{ ref('int_delivery__change_milestones') }}

),

target_changes as (

    select * from {{ ref('int_delivery__target_changes') }}

),

target_deployments as (

    select * from {{ ref('int_delivery__target_deployments') }}

),

deployment_changes as (

    select * from {{ ref('int_delivery__deployment_changes') }}

),

attempts as (

    select distinct
        target_changes.change_key,
        target_deployments.source_connection as connection,
        target_deployments.deployment,
        target_deployments.created_at,
        deployment_changes.method,
        greatest(target_deployments.created_at, changes.merged_at) as live_from,
        least(target_deployments.finished_at, milestones.flow_ended_at) as live_until
    from deployment_changes
    inner join target_deployments
        on deployment_changes.deployment_key = target_deployments.deployment_key
    inner join target_changes
        on
            deployment_changes.change_key = target_changes.change_key
            and target_deployments.service_key = target_changes.service_key
    inner join changes
        on deployment_changes.change_key = changes.change_key
    inner join milestones
        on deployment_changes.change_key = milestones.change_key
    where
        milestones.delivery_state in ('deployed', 'waiting', 'superseded')
        and not milestones.is_deployed_before_merge

)

select *
from attempts
where live_until is null or live_from < live_until

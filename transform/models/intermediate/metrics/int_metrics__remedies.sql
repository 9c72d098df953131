{#- Made while the incident lasted: a rollback, a revert, or a change of an incident's ticket. -#}
with

incidents as (

    select * from {{ ref('fct_incidents') }}

),

deployments as (

    select * from {{ ref('fct_deployments') }}

),

deployment_services as (

    select * from {{ ref('bridge_deployment_services') }}

),

deployment_changes as (

    select * from {{ ref('bridge_deployment_changes') }}

),

changes as (

    select * from {{ ref('fct_changes') }}

),

work_items as (

    select * from {{ ref('dim_work_item') }}

),

repairs as (

    select distinct deployment_changes.deployment_key
    from deployment_changes
    inner join changes
        on deployment_changes.change_key = changes.change_key
    left join work_items
        on changes.work_item_key = work_items.work_item_key
    where changes.reverts_change_key is not null or work_items.type = 'incident'

)

select
    incidents.incident_key,
    deployments.deployment_key,
    incidents.service_key,
    deployments.finished_at
from incidents
inner join deployment_services
    on incidents.service_key = deployment_services.service_key
inner join deployments
    on deployment_services.deployment_key = deployments.deployment_key
left join repairs
    on deployments.deployment_key = repairs.deployment_key
where
    deployment_services.is_production
    and deployments.status = 'success'
    and (deployments.is_rollback or repairs.deployment_key is not null)
    and deployments.created_at >= coalesce(incidents.started_at, incidents.triggered_at)
    and coalesce(deployments.created_at <= incidents.resolved_at, true)

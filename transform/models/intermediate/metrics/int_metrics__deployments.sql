{{ config(materialized='table') }}

with

deployments as (

    select * from {{ ref('fct_deployments') }}

),

deployment_services as (

    select * from {{ ref('bridge_deployment_services') }}

),

failures as (

    select * from {{ ref('int_metrics__failures') }}

),

remedies as (

    select distinct
        deployment_key,
        service_key
    from {{ ref('int_metrics__remedies') }}

)

select
    deployments.deployment_key,
    deployment_services.service_key,
    deployments.connection,
    deployments.repository_key,
    deployments.finished_at,
    deployments.status,
    deployments.is_redeploy,
    coalesce(deployments.is_rollback, false) as is_rollback,
    deployments.status = 'success'
    and not (deployments.is_redeploy or coalesce(deployments.is_rollback, false)) as is_new,
    failures.deployment_key is not null as is_suspected,
    coalesce(failures.is_evidenced, false) as is_evidenced,
    coalesce(failures.is_explicit, false) as is_explicit,
    failures.failed_at,
    failures.restored_at,
    remedies.deployment_key is not null as is_rework
from deployments
inner join deployment_services
    on deployments.deployment_key = deployment_services.deployment_key
left join failures
    on
        deployment_services.deployment_key = failures.deployment_key
        and deployment_services.service_key = failures.service_key
left join remedies
    on
        deployment_services.deployment_key = remedies.deployment_key
        and deployment_services.service_key = remedies.service_key
where
    deployment_services.is_production
    and deployments.status in ('success', 'failure')
    and deployments.finished_at is not null

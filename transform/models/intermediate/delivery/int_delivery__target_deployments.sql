{{ config(materialized='table') }}

with

deployments as (

    select * from {{ ref('int_delivery__deployments') }}

),

deployment_services as (

    select * from {{ ref('int_delivery__deployment_services') }}

)

select
    deployment_services.service_key,
    deployments.deployment_key,
    deployments.connection,
    deployments.source_connection,
    deployments.deployment,
    deployments.repository,
    deployments.sha,
    deployments.created_at,
    deployments.started_at,
    deployments.finished_at,
    deployments.is_success,
    deployments.sha is not null and deployments.commit_sha is null as is_commit_unknown
from deployments
inner join deployment_services
    on deployments.deployment_key = deployment_services.deployment_key
where deployment_services.is_production

{{ config(materialized='table') }}

with

deployments as (

    select * from {{ ref('int_delivery__deployments') }}

),

services as (

    select * from {{ ref('int_delivery__services') }}

),

service_environments as (

    select * from {{ ref('stg_flowgauge__service_environments') }}

),

declaring as (

    select
        service,
        bool_or(is_production) as has_production
    from service_environments
    group by service

),

-- what the vendor says about the service goes first, then which services declare the environment
candidates as (

    select distinct
        deployments.deployment_key,
        services.service,
        services.service_key,
        case
            when lower(services.service) = lower(deployments.service_hint) then 1
            when service_environments.environment is not null then 2
            else 3
        end as service_rank,
        case
            when coalesce(declaring.has_production, false)
                then coalesce(service_environments.is_production, false)
            else deployments.is_called_production
        end as is_production
    from deployments
    inner join services
        on
            deployments.connection = services.connection
            and deployments.repository = services.repository
            and {{ is_valid_at('services', 'deployments.created_at') }}
    left join service_environments
        on
            services.service = service_environments.service
            and lower(deployments.environment) = lower(service_environments.environment)
    left join declaring
        on services.service = declaring.service

)

select
    deployment_key,
    service,
    service_key,
    is_production
from candidates
qualify service_rank = min(service_rank) over (partition by deployment_key)

with

deployments as (

    select * from {{ ref('int_delivery__deployments') }}

),

deployment_services as (

    select * from {{ ref('int_delivery__deployment_services') }}

),

environments as (

    select
        {{ surrogate_key('environment', 'deployments.environment') }} as environment_key,
        deployments.environment as name,
        bool_or(coalesce(deployment_services.is_production, deployments.is_called_production))
            as is_production
    from deployments
    left join deployment_services
        on deployments.deployment_key = deployment_services.deployment_key
    where deployments.environment is not null
    group by deployments.environment

)

select
    environment_key,
    name,
    is_production
from environments
union all
select
    {{ unknown_key() }} as environment_key,
    'unknown' as name,
    false as is_production

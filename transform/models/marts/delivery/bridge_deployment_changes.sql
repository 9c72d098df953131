with

deployment_changes as (

    select * from {{ ref('int_delivery__deployment_changes') }}

),

deployment_services as (

    select * from {{ ref('int_delivery__deployment_services') }}

),

change_services as (

    select * from {{ ref('int_delivery__change_services') }}

),

-- the commit that a service is deployed from also holds the changes of its neighbours in the repository
touching as (

    select distinct
        deployment_changes.deployment_key,
        deployment_changes.change_key,
        deployment_changes.method,
        deployment_changes.confidence
    from deployment_changes
    inner join change_services
        on deployment_changes.change_key = change_services.change_key
    inner join deployment_services
        on
            deployment_changes.deployment_key = deployment_services.deployment_key
            and change_services.service_key = deployment_services.service_key
    where deployment_changes.is_delivered

)

select * from touching

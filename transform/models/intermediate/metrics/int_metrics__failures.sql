{#- What has merely come before an incident is suspected; a rollback or revert during it is evidence. -#}
with

links as (

    select * from {{ ref('bridge_incident_deployments') }}

),

incidents as (

    select * from {{ ref('fct_incidents') }}

),

deployments as (

    select * from {{ ref('fct_deployments') }}

),

deployment_services as (

    select * from {{ ref('bridge_deployment_services') }}

),

remedies as (

    select
        incident_key,
        min(finished_at) as remedied_at
    from {{ ref('int_metrics__remedies') }}
    group by incident_key

),

failures as (

    select
        links.deployment_key,
        deployment_services.service_key,
        links.method,
        coalesce(incidents.started_at, deployments.finished_at) as failed_at,
        case
            when incidents.resolved_at <= remedies.remedied_at or remedies.remedied_at is null
                then incidents.resolved_at
            else remedies.remedied_at
        end as restored_at
    from links
    inner join incidents
        on links.incident_key = incidents.incident_key
    inner join deployments
        on links.deployment_key = deployments.deployment_key
    inner join deployment_services
        on links.deployment_key = deployment_services.deployment_key
    left join remedies
        on links.incident_key = remedies.incident_key
    where
        deployment_services.is_production
        and incidents.service_key in (deployment_services.service_key, {{ unknown_key() }})

)

select
    deployment_key,
    service_key,
    bool_or(method = 'explicit') as is_explicit,
    bool_or(method != 'temporal') as is_evidenced,
    min(case when method != 'temporal' then failed_at end) as failed_at,
    case
        when count(case when method != 'temporal' and restored_at is null then 1 end) = 0
            then max(case when method != 'temporal' then restored_at end)
    end as restored_at
from failures
group by deployment_key, service_key

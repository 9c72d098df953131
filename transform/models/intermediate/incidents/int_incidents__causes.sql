with

incidents as (

    select * from {{ ref('int_incidents__facts') }}

),

deployments as (

    select * from {{ ref('int_delivery__target_deployments') }}

),

-- an id that several connections use names no deployment
identified_deployments as (

    select * from {{ ref('int_delivery__deployments') }}
    qualify count(*) over (partition by deployment) = 1

),

first_deliveries as (

    select * from {{ ref('int_delivery__first_deliveries') }}

),

reverts as (

    select * from {{ ref('int_delivery__reverts') }}

),

targets as (

    select * from {{ ref('stg_flowgauge__targets') }}

),

methods as (

    select * from {{ ref('incident_link_methods') }}

),

attribution as (

    select max(value) * 3600 as window_seconds
    from targets
    where name = 'incident_attribution_hours'

),

removed as (

    select * from {{ ref('int_incidents__rollbacks') }}

),

found as (

    select
        incidents.incident_key,
        deployments.deployment_key,
        'explicit' as method,
        deployments.finished_at
    from incidents
    inner join identified_deployments as deployments
        on incidents.deployment_source_id = deployments.deployment
    union all
    select
        incidents.incident_key,
        deployments.deployment_key,
        'explicit' as method,
        deployments.finished_at
    from incidents
    inner join deployments
        on
            incidents.deployment_sha = deployments.sha
            and deployments.is_success
            and coalesce(incidents.service_key = deployments.service_key, true)
    union all
    select
        incidents.incident_key,
        removed.deployment_key,
        'rollback' as method,
        removed.finished_at
    from incidents
    inner join removed
        on
            incidents.service_key = removed.service_key
            and incidents.impact_started_at <= removed.rolled_back_at
            and coalesce(incidents.resolved_at >= removed.rolled_back_at, true)
    union all
    select
        incidents.incident_key,
        first_deliveries.deployment_key,
        'revert' as method,
        first_deliveries.deployed_at as finished_at
    from incidents
    inner join first_deliveries
        on
            incidents.service_key = first_deliveries.service_key
            and incidents.impact_started_at >= first_deliveries.deployed_at
    inner join reverts
        on
            first_deliveries.change_key = reverts.change_key
            and incidents.impact_started_at <= reverts.reverted_at
            and coalesce(incidents.resolved_at >= reverts.reverted_at, true)
    union all
    select
        incidents.incident_key,
        deployments.deployment_key,
        'temporal' as method,
        deployments.finished_at
    from incidents
    cross join attribution
    inner join deployments
        on
            incidents.service_key = deployments.service_key
            and deployments.is_success
            and incidents.impact_started_at >= deployments.finished_at
            and {{ seconds_between('deployments.finished_at', 'incidents.impact_started_at') }}
            <= attribution.window_seconds
    qualify row_number() over (
        partition by incidents.incident_key
        order by deployments.finished_at desc, deployments.deployment_key asc
    ) = 1

)

select
    found.incident_key,
    found.deployment_key,
    found.method,
    methods.confidence
from found
inner join methods
    on found.method = methods.method
qualify row_number() over (
    partition by found.incident_key, found.deployment_key order by methods.method_rank
) = 1

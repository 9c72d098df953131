{{ config(materialized='table') }}

with

roots as (

    select * from {{ ref('int_incidents__roots') }}

),

incidents as (

    select * from {{ ref('incidents') }}

),

services as (

    select * from {{ ref('int_delivery__services') }}

),

service_teams as (

    select
        lower(service) as service_name,
        min(service_key) as service_key,
        min({{ surrogate_key('team', 'team') }}) as team_key
    from services
    group by lower(service)

),

united as (

    select
        roots.incident_key,
        roots.connection,
        roots.root,
        min(incidents.started_at) as started_at,
        min(incidents.triggered_at) as triggered_at,
        count(*) - 1 as merged_incident_count
    from roots
    inner join incidents
        on
            roots.connection = incidents.connection
            and roots.incident = incidents.source_id
    group by roots.incident_key, roots.connection, roots.root

)

select
    united.incident_key,
    united.connection,
    united.root as incident,
    incidents.number,
    incidents.severity,
    coalesce(incidents.is_auto_resolved, false) as is_auto_resolved,
    incidents.deployment_source_id,
    incidents.deployment_sha,
    united.started_at,
    united.triggered_at,
    united.merged_incident_count,
    service_teams.service_key,
    service_teams.team_key
from united
inner join incidents
    on
        united.connection = incidents.connection
        and united.root = incidents.source_id
left join service_teams
    on lower(incidents.service_hint) = service_teams.service_name

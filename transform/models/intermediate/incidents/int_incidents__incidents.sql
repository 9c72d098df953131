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

service_names as (

    select
        lower(service) as service_name,
        min(service_key) as service_key
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

),

named as (

    select
        united.*,
        incidents.number,
        incidents.severity,
        incidents.is_auto_resolved,
        incidents.deployment_source_id,
        incidents.deployment_sha,
        lower(incidents.service_hint) as service_name
    from united
    inner join incidents
        on
            united.connection = incidents.connection
            and united.root = incidents.source_id

),

owners as (

    select
        named.incident_key,
        min(services.team) as team
    from named
    inner join services
        on
            named.service_name = lower(services.service)
            and {{ is_valid_at('services', 'named.triggered_at') }}
    group by named.incident_key

)

select
    named.incident_key,
    named.connection,
    named.root as incident,
    named.number,
    named.severity,
    coalesce(named.is_auto_resolved, false) as is_auto_resolved,
    named.deployment_source_id,
    named.deployment_sha,
    named.started_at,
    named.triggered_at,
    named.merged_incident_count,
    service_names.service_key,
    {{ surrogate_key('team', 'owners.team') }} as team_key
from named
left join service_names
    on named.service_name = service_names.service_name
left join owners
    on named.incident_key = owners.incident_key

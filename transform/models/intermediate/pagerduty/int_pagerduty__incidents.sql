{{ config(enabled=is_connector_enabled('pagerduty')) }}

with

incidents as (

    select * from {{ ref('stg_pagerduty__incidents') }}

),

services as (

    select * from {{ ref('stg_pagerduty__services') }}

),

log_entries as (

    select * from {{ ref('int_pagerduty__log_entries') }}

),

endings as (

    select
        connection,
        incident_id,
        bool_or(event_type = 'acknowledged' and user_id is not null) as is_acknowledged_by_user,
        max_by(agent_type, occurred_at) filter (where event_type = 'resolved') as resolving_agent_type,
        max(extracted_at) as extracted_at
    from log_entries
    group by connection, incident_id

),

final as (

    select
        incidents.connection,
        'pagerduty' as connector,
        incidents.incident_id as source_id,
        incidents.number,
        services.name as service_hint,
        coalesce(incidents.priority, incidents.urgency) as severity,
        case when incidents.merged_into_id is not null then 'merged' else incidents.status end as status,
        cast(null as timestamp) as started_at,
        incidents.created_at as triggered_at,
        incidents.merged_into_id as merged_into,
        case
            when incidents.merged_into_id is not null or incidents.status != 'resolved' then false
            when endings.resolving_agent_type is null then null
            else
                endings.resolving_agent_type not in ('user_reference', 'user')
                and not endings.is_acknowledged_by_user
        end as is_auto_resolved,
        cast(null as string) as deployment_source_id,
        cast(null as string) as deployment_sha,
        incidents.updated_at,
        greatest(incidents.extracted_at, endings.extracted_at) as extracted_at
    from incidents
    left join services
        on
            incidents.connection = services.connection
            and incidents.service_id = services.service_id
    left join endings
        on
            incidents.connection = endings.connection
            and incidents.incident_id = endings.incident_id
    where incidents.gone_at is null

)

select * from final

{{ config(materialized='table') }}

with

incidents as (

    select * from {{ ref('int_incidents__incidents') }}

),

events as (

    select * from {{ ref('int_incidents__events') }}

),

states as (

    select * from {{ ref('int_incidents__states') }}

),

milestones as (

    select
        incident_key,
        min(case when type = 'acknowledged' then occurred_at end) as acknowledged_at,
        min(case when type = 'mitigated' then occurred_at end) as mitigated_at,
        count(case when type = 'escalated' then 1 end) as escalation_count,
        count(case when type = 'reopened' then 1 end) as reopening_count
    from events
    where is_of_root
    group by incident_key

),

moves as (

    select
        incident_key,
        occurred_at,
        state
    from states
    qualify coalesce(state != lag(state) over (partition by incident_key order by occurred_at), true)

),

followed as (

    select
        incident_key,
        occurred_at,
        state,
        lead(occurred_at) over (partition by incident_key order by occurred_at) as next_at
    from moves

),

endings as (

    select
        incident_key,
        max_by(state, occurred_at) as last_state,
        cast(
            coalesce(
                sum(case when state = 'finished' then {{ seconds_between('occurred_at', 'next_at') }} end), 0
            ) as bigint
        ) as closed_seconds,
        min(occurred_at) as begun_at,
        max(case when state != 'finished' then next_at end) as left_at
    from followed
    group by incident_key

)

select
    incidents.incident_key,
    incidents.connection,
    incidents.incident,
    incidents.number,
    incidents.severity,
    incidents.is_auto_resolved,
    incidents.deployment_source_id,
    incidents.deployment_sha,
    incidents.started_at,
    incidents.triggered_at,
    incidents.merged_incident_count,
    incidents.service_key,
    incidents.team_key,
    coalesce(incidents.started_at, incidents.triggered_at) as impact_started_at,
    milestones.acknowledged_at,
    milestones.mitigated_at,
    case
        when endings.last_state = 'finished' then coalesce(endings.left_at, endings.begun_at)
    end as resolved_at,
    endings.closed_seconds,
    coalesce(milestones.escalation_count, 0) as escalation_count,
    coalesce(milestones.reopening_count, 0) as reopening_count,
    case endings.last_state when 'finished' then 'not_observed' else 'not_yet' end as null_reason,
    bool_or(milestones.acknowledged_at is not null) over (partition by incidents.connection)
        as is_acknowledgement_told,
    bool_or(milestones.mitigated_at is not null) over (partition by incidents.connection)
        as is_mitigation_told
from incidents
inner join endings
    on incidents.incident_key = endings.incident_key
left join milestones
    on incidents.incident_key = milestones.incident_key

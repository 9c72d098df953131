{%- set measures = [
    'time_to_detect_seconds',
    'time_to_acknowledge_seconds',
    'time_to_mitigate_seconds',
    'time_to_resolve_seconds',
] %}

with

facts as (

    select * from {{ ref('int_incidents__facts') }}

),

all_measures as (

    select * from {{ ref('int_items__measures') }}

),

causes as (

    select * from {{ ref('int_incidents__causes') }}

),

induced as (

    select
        incident_key,
        bool_or(method != 'temporal') as is_change_induced
    from causes
    group by incident_key

),

timings as (

    select
        item_key,
    {%- for measure in measures %}
        max(case when measure = '{{ measure }}' then seconds end) as {{ measure }},
        max(case when measure = '{{ measure }}' then null_reason end) as {{ measure }}_null_reason
        {{- "," if not loop.last }}
    {%- endfor %}
    from all_measures
    where flow_item_type = 'incident'
    group by item_key

)

select
    facts.incident_key,
    facts.connection,
    facts.incident as source_id,
    facts.number,
    {{ known_key('facts.service_key') }} as service_key,
    {{ known_key('facts.team_key') }} as team_key,
    facts.severity,
    facts.started_at,
    facts.triggered_at,
    facts.acknowledged_at,
    facts.mitigated_at,
    facts.resolved_at,
    {%- for measure in measures %}
        timings.{{ measure }},
        timings.{{ measure }}_null_reason,
    {%- endfor %}
    facts.closed_seconds,
    facts.escalation_count,
    facts.reopening_count,
    facts.merged_incident_count,
    facts.is_auto_resolved,
    coalesce(induced.is_change_induced, false) as is_change_induced
from facts
inner join timings
    on facts.incident_key = timings.item_key
left join induced
    on facts.incident_key = induced.incident_key

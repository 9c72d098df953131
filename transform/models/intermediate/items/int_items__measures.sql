{{ config(materialized='table') }}

{%- set work_item_measures = [
    ('decision_seconds', 'created_at', 'ready_at', 'status_null_reason'),
    ('start_wait_seconds', 'ready_at', 'started_at', 'status_null_reason'),
    ('start_to_deploy_seconds', 'started_at', 'last_deployed_at', 'deploy_null_reason'),
    ('idea_to_deploy_seconds', 'created_at', 'last_deployed_at', 'deploy_null_reason'),
    ('idea_to_exposure_seconds', 'created_at', 'exposed_at', 'exposure_null_reason'),
    ('idea_to_adoption_seconds', 'created_at', 'adopted_at', 'adoption_null_reason'),
] %}
{%- set incident_measures = [
    ('time_to_detect_seconds', 'started_at', 'triggered_at', 'null_reason'),
    (
        'time_to_acknowledge_seconds', 'triggered_at', 'acknowledged_at',
        "case when is_acknowledgement_told then null_reason else 'not_observed' end"
    ),
    (
        'time_to_mitigate_seconds', 'impact_started_at', 'mitigated_at',
        "case when is_mitigation_told then null_reason else 'not_observed' end"
    ),
    ('time_to_resolve_seconds', 'impact_started_at', 'resolved_at', 'null_reason'),
] %}

with

work_item_facts as (

    select * from {{ ref('int_work_items__facts') }}

),

incident_facts as (

    select * from {{ ref('int_incidents__facts') }}

),

measures as (

    {%- for measure, started_at, ended_at, no_end in work_item_measures %}
        select
            'fct_work_items' as table_name,
            'work_item' as flow_item_type,
            work_item_key as item_key,
            '{{ measure }}' as measure,
            {{ started_at }} as started_at,
            {{ ended_at }} as ended_at,
            {{ possible_seconds(started_at, ended_at) }} as seconds,
            {{ seconds_null_reason(started_at, ended_at, no_end) }} as null_reason
        from work_item_facts
        union all
    {%- endfor %}
    {%- for measure, started_at, ended_at, no_end in incident_measures %}
        select
            'fct_incidents' as table_name,
            'incident' as flow_item_type,
            incident_key as item_key,
            '{{ measure }}' as measure,
            {{ started_at }} as started_at,
            {{ ended_at }} as ended_at,
            {{ possible_seconds(started_at, ended_at) }} as seconds,
            {{ seconds_null_reason(started_at, ended_at, no_end) }} as null_reason
        from incident_facts
        {% if not loop.last %}union all{% endif %}
    {%- endfor %}

)

select * from measures

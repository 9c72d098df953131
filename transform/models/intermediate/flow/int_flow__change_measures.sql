{{ config(materialized='table') }}

{%- set unless_merged = "case state when 'open' then 'not_yet' else 'not_applicable' end" %}
{%- set unless_delivered = "delivery_reason" %}
{%- set measures = [
    ('coding_seconds', 'coding_started_at', 'created_at', "'not_observed'", "'not_observed'"),
    ('pickup_seconds', 'pickup_started_at', 'picked_up_at', unless_merged, "'not_applicable'"),
    ('time_to_merge_seconds', 'ready_at', 'merged_at', unless_merged, "'not_applicable'"),
    ('created_to_merged_seconds', 'created_at', 'merged_at', unless_merged, "'not_observed'"),
    ('deployment_lead_seconds', 'merged_at', 'released_at', unless_delivered, "'not_observed'"),
    ('change_lead_seconds', 'first_commit_authored_at', 'deployed_at', unless_delivered, "'not_observed'"),
    ('change_lead_from_merge_seconds', 'merged_at', 'released_at', unless_delivered, "'not_observed'"),
    ('prompt_to_production_seconds', 'first_prompt_at', 'deployed_at', unless_delivered, "'not_observed'"),
] %}

with

change_facts as (

    select * from {{ ref('int_flow__change_facts') }}

),

prepared as (

    select
        *,
        case build_start_evidence when 'session' then build_started_at else first_commit_authored_at end
            as coding_started_at,
        greatest(
            ready_at,
            case
                when first_review_requested_at <= coalesce(picked_up_at, closed_at, first_review_requested_at)
                    then first_review_requested_at
            end
        ) as pickup_started_at,
        case when not is_deployed_before_merge then deployed_at end as released_at,
        case
            when delivery_state in ('waiting', 'unmerged') then 'not_yet'
            when delivery_state = 'not_linked' then 'not_linked'
            else 'not_applicable'
        end as delivery_reason
    from change_facts

),

change_measures as (

    {%- for measure, started_at, ended_at, no_end, no_start in measures %}
        select
            change_key,
            '{{ measure }}' as measure,
            {{ started_at }} as started_at,
            {{ ended_at }} as ended_at,
            {{ possible_seconds(started_at, ended_at) }} as seconds,
            {{ seconds_null_reason(started_at, ended_at, no_end, no_start) }} as null_reason
        from prepared
        {% if not loop.last %}union all{% endif %}
    {%- endfor %}

)

select * from change_measures

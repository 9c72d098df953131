{%- set measures = [
    'coding_seconds',
    'pickup_seconds',
    'time_to_merge_seconds',
    'created_to_merged_seconds',
    'deployment_lead_seconds',
    'change_lead_seconds',
    'change_lead_from_merge_seconds',
    'prompt_to_production_seconds',
] %}

with

change_measures as (

    select * from {{ ref('int_flow__change_measures') }}

),

change_timings as (

    select
        change_key,
    {%- for measure in measures %}
        max(case when measure = '{{ measure }}' then seconds end) as {{ measure }},
        max(case when measure = '{{ measure }}' then null_reason end) as {{ measure }}_null_reason
        {{- "," if not loop.last }}
    {%- endfor %}
    from change_measures
    group by change_key

)

select * from change_timings

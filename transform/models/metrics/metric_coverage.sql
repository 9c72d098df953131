{#- Every duration and link that can be null; what is not yet or does not apply stands outside. -#}
{%- set measures = {
    'fct_changes': [
        'coding_seconds', 'pickup_seconds', 'time_to_merge_seconds', 'created_to_merged_seconds',
        'deployment_lead_seconds', 'change_lead_seconds', 'change_lead_from_merge_seconds',
        'prompt_to_production_seconds', 'exposed_at', 'adopted_at', 'work_item_key', 'deployment_key',
    ],
    'bridge_change_services': ['deployed_at', 'change_lead_seconds'],
    'fct_stage_visits': ['calendar_seconds', 'business_seconds'],
    'fct_handoffs': ['wait_calendar_seconds', 'wait_business_seconds'],
    'fct_review_requests': ['wait_calendar_seconds', 'wait_business_seconds'],
    'fct_ci_jobs': ['queue_seconds', 'run_seconds', 'setup_seconds', 'change_key'],
    'fct_test_cycles': ['test_cycle_seconds', 'line_test_coverage', 'diff_test_coverage'],
    'fct_deployments': ['approval_wait_seconds', 'wait_timer_seconds', 'execution_seconds'],
    'fct_work_items': [
        'decision_seconds', 'start_wait_seconds', 'start_to_deploy_seconds', 'idea_to_deploy_seconds',
        'idea_to_exposure_seconds', 'idea_to_adoption_seconds', 'is_window_missed',
    ],
    'fct_incidents': [
        'time_to_detect_seconds', 'time_to_acknowledge_seconds', 'time_to_mitigate_seconds',
        'time_to_resolve_seconds',
    ],
    'fct_feature_adoption': ['adoption_lag_seconds', 'adopted_at'],
} %}
{{ config(tags=['clock']) }}

with

as_of as (

    select * from {{ ref('int_flow__as_of') }}

),

{%- for mart in measures %}

    {{ mart }} as (

        select * from {{ ref(mart) }}

    ),
{%- endfor %}

reasons as (

    {%- for mart, columns in measures.items() %}
        {%- set is_last = loop.last %}
        {%- for column in columns %}
            select
                '{{ mart }}' as mart,
                '{{ column }}' as measure,
                {{ column }}_null_reason as reason
            from {{ mart }}
            {{ "union all" if not (is_last and loop.last) }}
        {%- endfor %}
    {%- endfor %}

),

counts as (

    select
        mart,
        measure,
        count(case when reason is null then 1 end) as observed_count,
        {%- for reason in ['not_linked', 'not_observed', 'impossible', 'not_yet', 'not_applicable'] %}
            count(case when reason = '{{ reason }}' then 1 end) as {{ reason }}_count,
        {%- endfor %}
        count(*) as row_count
    from reasons
    group by mart, measure

),

expected as (

    select
        *,
        observed_count + not_linked_count + not_observed_count + impossible_count as expected_count
    from counts

)

select
    expected.mart,
    expected.measure,
    as_of.as_of,
    expected.row_count,
    expected.observed_count,
    expected.not_linked_count,
    expected.not_observed_count,
    expected.impossible_count,
    expected.not_yet_count,
    expected.not_applicable_count,
    expected.expected_count,
    cast(expected.observed_count as double) / nullif(expected.expected_count, 0) as coverage,
    case when expected.expected_count = 0 then 'not_applicable' end as coverage_null_reason
from expected
cross join as_of

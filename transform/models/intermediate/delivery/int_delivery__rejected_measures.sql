{%- set measures = [
    ('fct_ci_runs', 'int_delivery__ci_runs', 'ci_run_key', 'queue_seconds', 'queued_at', 'started_at'),
    ('fct_ci_runs', 'int_delivery__ci_runs', 'ci_run_key', 'run_seconds', 'started_at', 'finished_at'),
    ('fct_ci_jobs', 'int_delivery__ci_jobs', 'ci_job_key', 'queue_seconds', 'queued_at', 'started_at'),
    ('fct_ci_jobs', 'int_delivery__ci_jobs', 'ci_job_key', 'run_seconds', 'started_at', 'finished_at'),
    ('fct_deployments', 'int_delivery__deployments', 'deployment_key', 'execution_seconds', 'started_at', 'finished_at'),
    (
        'fct_deployments', 'int_delivery__approvals', 'deployment_key', 'approval_wait_seconds',
        'impossible_start_at', 'impossible_end_at'
    ),
] -%}

with

service_deliveries as (

    select * from {{ ref('int_delivery__service_deliveries') }}

),

changes as (

    select * from {{ ref('int_flow__changes') }}

),

measured as (

    {% for table_name, model_name, key, measure, start_at, end_at in measures %}
        select
            '{{ table_name }}' as table_name,
            cast(null as string) as flow_item_type,
            {{ key }} as item_key,
            '{{ measure }}' as measure,
            {{ start_at }} as start_at,
            {{ end_at }} as end_at
        from {{ ref(model_name) }}
        union all
    {% endfor %}
    select
        'bridge_change_services' as table_name,
        'change' as flow_item_type,
        service_deliveries.change_key || '|' || service_deliveries.service_key as item_key,
        'change_lead_seconds' as measure,
        changes.first_commit_authored_at as start_at,
        service_deliveries.deployed_at as end_at
    from service_deliveries
    inner join changes
        on service_deliveries.change_key = changes.change_key

)

select
    table_name,
    flow_item_type,
    item_key,
    measure,
    'end_before_start' as rule,
    start_at,
    end_at
from measured
where end_at < start_at

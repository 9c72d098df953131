{#- All latencies alike, whatever they are of; a job called off or a gate refused competes. -#}
with

gates as (

    select * from {{ ref('int_delivery__gates') }}

),

deployments as (

    select * from {{ ref('fct_deployments') }}

),

ci_jobs as (

    select * from {{ ref('fct_ci_jobs') }}

),

flow_latencies as (

    select * from {{ ref('int_metrics__flow_latencies') }}

),

item_latencies as (

    select * from {{ ref('int_metrics__item_latencies') }}

),

check_latencies as (

    select * from {{ ref('int_metrics__check_latencies') }}

),

release_gaps as (

    select * from {{ ref('int_metrics__release_gaps') }}

),

delivery_latencies as (

    select * from {{ ref('int_metrics__delivery_latencies') }}

),

gate_latencies as (

    select
        'deployment' as kind,
        'approval_wait' as subject,
        gates.connection || ':' || gates.event_id as item_key,
        gates.connection,
        deployments.repository_key,
        cast(null as string) as team_key,
        deployments.service_key,
        gates.opened_at as started_at,
        gates.decided_at as ended_at,
        case
            when gates.decided_at < gates.opened_at then null
            when gates.decided_at is null then 'censored'
            when gates.is_refused then 'competing'
            else 'ended'
        end as outcome
    from gates
    inner join deployments
        on
            gates.connection = deployments.connection
            and gates.deployment = deployments.source_id
    where deployments.is_production

),

execution_latencies as (

    select
        'deployment' as kind,
        'execution' as subject,
        deployment_key as item_key,
        connection,
        repository_key,
        cast(null as string) as team_key,
        service_key,
        started_at,
        finished_at as ended_at,
        case
            when finished_at < started_at then null
            when finished_at is null then 'censored'
            when status = 'success' then 'ended'
            else 'competing'
        end as outcome
    from deployments
    where is_production

),

job_latencies as (

    {%- for subject, started_at, ended_at, is_called_off in [
        ('queue', 'queued_at', 'started_at', 'started_at is null'),
        ('run', 'started_at', 'finished_at', "conclusion in ('cancelled', 'skipped')"),
    ] %}
        select
            'ci_job' as kind,
            '{{ subject }}' as subject,
            ci_job_key as item_key,
            connection,
            repository_key,
            cast(null as string) as team_key,
            cast(null as string) as service_key,
            {{ started_at }},
            coalesce({{ ended_at }}, finished_at) as ended_at,
            case
                when {{ ended_at }} < {{ started_at }} then null
                when coalesce({{ ended_at }}, finished_at) is null then 'censored'
                when {{ is_called_off }} then 'competing'
                else 'ended'
            end as outcome
        from ci_jobs
        {{ "union all" if not loop.last }}
    {%- endfor %}

),

latencies as (

    select * from flow_latencies
    union all
    select * from gate_latencies
    union all
    select * from execution_latencies
    union all
    select * from job_latencies
    union all
    select
        kind,
        subject,
        item_key,
        connection,
        cast(null as string) as repository_key,
        team_key,
        service_key,
        started_at,
        ended_at,
        outcome
    from item_latencies
    union all
    select
        'delivery' as kind,
        delivery_latencies.*
    from delivery_latencies
    union all
    select
        'check' as kind,
        check_latencies.*
    from check_latencies
    union all
    select
        'release' as kind,
        release_gaps.*
    from release_gaps

)

select
    kind,
    subject,
    item_key,
    connection,
    {{ known_key('repository_key') }} as repository_key,
    {{ known_key('team_key') }} as team_key,
    {{ known_key('service_key') }} as service_key,
    started_at,
    case when outcome != 'censored' then ended_at end as ended_at,
    outcome
from latencies
where started_at is not null and outcome is not null

{#- What ends an item otherwise (abandoned, withdrawn, closed unmerged) competes with the end waited for. -#}
with

visits as (

    select * from {{ ref('int_items__all_visits') }}

),

handoffs as (

    select * from {{ ref('fct_handoffs') }}

),

changes as (

    select * from {{ ref('int_metrics__changes') }}

),

change_measures as (

    select * from {{ ref('int_flow__change_measures') }}

),

gates as (

    select * from {{ ref('int_delivery__gates') }}

),

deployments as (

    select * from {{ ref('fct_deployments') }}

),

ci_jobs as (

    select * from {{ ref('fct_ci_jobs') }}

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

stage_latencies as (

    select
        'stage' as kind,
        visits.flow_item_type || ':' || visits.stage as subject,
        visits.flow_item_key || ':' || cast(visits.visit_number as string) as item_key,
        visits.connection,
        visits.repository_key,
        visits.team_key,
        visits.service_key,
        visits.entered_at as started_at,
        visits.exited_at as ended_at,
        case
            when visits.exited_at is null then 'censored'
            when visits.exit_reason in ('advanced', 'returned') then 'ended'
            else 'competing'
        end as outcome
    from visits
    left join changes
        on visits.flow_item_key = changes.change_key
    where visits.flow_item_type != 'change' or changes.change_key is not null

),

handoff_latencies as (

    select
        'handoff' as kind,
        handoffs.mechanism || ':' || handoffs.from_role || ':' || handoffs.to_role as subject,
        handoffs.handoff_key as item_key,
        coalesce(changes.connection, '') as connection,
        changes.repository_key,
        handoffs.to_team_key as team_key,
        changes.service_key,
        handoffs.requested_at as started_at,
        handoffs.settled_at as ended_at,
        case handoffs.outcome when 'pending' then 'censored' when 'accepted' then 'ended' else 'competing' end
            as outcome
    from handoffs
    left join changes
        on handoffs.flow_item_key = changes.change_key
    where handoffs.flow_item_type != 'change' or changes.change_key is not null

),

change_latencies as (

    select
        'change' as kind,
        replace(change_measures.measure, '_seconds', '') as subject,
        changes.change_key as item_key,
        changes.connection,
        changes.repository_key,
        changes.team_key,
        changes.service_key,
        change_measures.started_at,
        case when change_measures.null_reason is null then change_measures.ended_at else changes.closed_at end
            as ended_at,
        case
            when change_measures.null_reason is null then 'ended'
            when
                changes.state = 'closed'
                or (
                    change_measures.measure = 'pickup_seconds'
                    and changes.state = 'merged'
                    and change_measures.null_reason = 'not_applicable'
                )
                then 'competing'
            when change_measures.null_reason = 'not_yet' then 'censored'
        end as outcome
    from change_measures
    inner join changes
        on change_measures.change_key = changes.change_key

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
            when deployments.status = 'cancelled' then 'competing'
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

    select * from stage_latencies
    union all
    select * from handoff_latencies
    union all
    select * from change_latencies
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

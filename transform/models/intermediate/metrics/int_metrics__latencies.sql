{#- What ends an item otherwise (abandoned, withdrawn, closed unmerged) competes with the end waited for. -#}
with

visits as (

    select * from {{ ref('fct_stage_visits') }}

),

stages as (

    select * from {{ ref('dim_stage') }}

),

handoffs as (

    select * from {{ ref('fct_handoffs') }}

),

changes as (

    select * from {{ ref('fct_changes') }}

),

change_measures as (

    select * from {{ ref('int_flow__change_measures') }}

),

stage_latencies as (

    select
        'stage' as kind,
        visits.flow_item_type || ':' || stages.stage as subject,
        visits.stage_visit_key as item_key,
        visits.repository_key,
        visits.team_key,
        visits.service_key,
        visits.entered_at as started_at,
        visits.exited_at as ended_at,
        case
            when visits.is_open then 'censored'
            when visits.exit_reason in ('advanced', 'returned') then 'ended'
            else 'competing'
        end as outcome
    from visits
    inner join stages
        on visits.stage_key = stages.stage_key

),

handoff_latencies as (

    select
        'handoff' as kind,
        handoffs.mechanism || ':' || handoffs.from_role || ':' || handoffs.to_role as subject,
        handoffs.handoff_key as item_key,
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

),

change_latencies as (

    select
        'change' as kind,
        replace(change_measures.measure, '_seconds', '') as subject,
        changes.change_key as item_key,
        changes.repository_key,
        changes.team_key,
        changes.service_key,
        change_measures.started_at,
        case when change_measures.null_reason is null then change_measures.ended_at else changes.closed_at end
            as ended_at,
        case
            when change_measures.null_reason is null then 'ended'
            when changes.state = 'closed' then 'competing'
            when change_measures.null_reason = 'not_yet' then 'censored'
        end as outcome
    from change_measures
    inner join changes
        on change_measures.change_key = changes.change_key

),

latencies as (

    select * from stage_latencies
    union all
    select * from handoff_latencies
    union all
    select * from change_latencies

)

select
    kind,
    subject,
    item_key,
    repository_key,
    {{ known_key('team_key') }} as team_key,
    {{ known_key('service_key') }} as service_key,
    started_at,
    case when outcome != 'censored' then ended_at end as ended_at,
    outcome
from latencies
where started_at is not null and outcome is not null

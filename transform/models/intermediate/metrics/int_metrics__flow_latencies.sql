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

)

select * from stage_latencies
union all
select * from handoff_latencies
union all
select * from change_latencies

{{ config(enabled=is_connector_enabled('pagerduty')) }}

with

incidents as (

    select * from {{ ref('stg_pagerduty__incidents') }}

),

log_entries as (

    select * from {{ ref('stg_pagerduty__log_entries') }}

),

present as (

    select
        log_entries.*,
        incidents.merged_into_id
    from log_entries
    inner join incidents
        on
            log_entries.connection = incidents.connection
            and log_entries.incident_id = incidents.incident_id
            and incidents.gone_at is null

),

ranked as (

    select
        *,
        min(case when type = 'resolve_log_entry' then occurred_at end) over (
            partition by connection, incident_id
        ) as first_resolved_at,
        max(case when type = 'resolve_log_entry' then occurred_at end) over (
            partition by connection, incident_id
        ) as last_resolved_at
    from present

),

named as (

    select
        connection,
        log_entry_id,
        incident_id,
        case
            when type = 'reopen_log_entry' then 'reopened'
            when type = 'trigger_log_entry' and occurred_at > first_resolved_at then 'reopened'
            when type = 'trigger_log_entry' then 'triggered'
            when type = 'acknowledge_log_entry' then 'acknowledged'
            when type in ('assign_log_entry', 'delegate_log_entry') then 'assigned'
            when type = 'escalate_log_entry' then 'escalated'
            when
                type = 'resolve_log_entry' and merged_into_id is not null and occurred_at = last_resolved_at
                then 'merged'
            when type = 'resolve_log_entry' then 'resolved'
        end as event_type,
        occurred_at,
        agent_type,
        case when agent_type in ('user_reference', 'user') then agent_id end as user_id,
        case when assignee_type in ('user_reference', 'user') then assignee_id end as assigned_user_id,
        case when assignee_type not in ('user_reference', 'user') then assignee_id end as assigned_policy_id,
        extracted_at
    from ranked

),

final as (

    select * from named
    where event_type is not null

)

select * from final

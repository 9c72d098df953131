{{ config(enabled=is_connector_enabled('github')) }}

with

statuses as (

    select * from {{ ref('stg_github__deployment_statuses') }}

),

-- `inactive` is set by GitHub when a later deployment takes the place, so it says nothing about the outcome.
meanings as (

    select
        mapping.state,
        mapping.type,
        mapping.status,
        mapping.is_final
    from (
        values
        ('pending', 'queued', 'queued', false),
        ('queued', 'queued', 'queued', false),
        ('waiting', 'gate_opened', 'waiting', false),
        ('in_progress', 'started', 'in_progress', false),
        ('success', 'succeeded', 'success', true),
        ('failure', 'failed', 'failure', true),
        ('error', 'failed', 'failure', true),
        ('inactive', 'superseded', 'cancelled', false)
    ) as mapping (state, type, status, is_final)

),

ordered as (

    select
        statuses.*,
        meanings.type,
        meanings.status,
        meanings.is_final,
        lag(statuses.state) over (
            partition by statuses.connection, statuses.deployment_id
            order by statuses.created_at asc, statuses.status_id asc
        ) as previous_state,
        row_number() over (
            partition by statuses.connection, statuses.deployment_id
            order by statuses.created_at asc, statuses.status_id asc
        ) as position
    from statuses
    inner join meanings on statuses.state = meanings.state

),

-- The status after `waiting` tells how the gate was decided; GitHub gives approvals no time of their own.
decided as (

    select
        *,
        case
            when previous_state = 'waiting' and state in ('failure', 'error') then 'gate_rejected'
            when previous_state = 'waiting' and state not in ('waiting', 'inactive') then 'gate_approved'
        end as gate_decision
    from ordered

),

final as (

    select
        connection,
        deployment_id,
        repository_id,
        status_id,
        position,
        gate_decision,
        case when gate_decision = 'gate_rejected' then 'cancelled' else type end as type,
        case when gate_decision = 'gate_rejected' then 'cancelled' else status end as status,
        coalesce(is_final or gate_decision = 'gate_rejected', false) as is_final,
        created_at,
        creator_id
    from decided

)

select * from final

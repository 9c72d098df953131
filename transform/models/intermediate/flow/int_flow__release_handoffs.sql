with

milestones as (

    select * from {{ ref('int_delivery__change_milestones') }}

),

changes as (

    select * from {{ ref('int_flow__changes') }}

),

live_attempts as (

    select * from {{ ref('int_delivery__live_attempts') }}

),

gate_decisions as (

    select * from {{ ref('int_flow__gate_decisions') }}

),

-- the first deployment that is to carry the change takes it over, whatever becomes of it
taken_over as (

    select
        change_key,
        min(live_from) as taken_over_at
    from live_attempts
    group by change_key

),

release_handoffs as (

    select
        milestones.change_key,
        'merge' as mechanism,
        'merger' as from_role,
        'ops' as to_role,
        cast(1 as bigint) as round_number,
        changes.merger_person_key as from_person_key,
        cast(null as string) as to_person_key,
        cast(null as string) as asked_team_key,
        changes.merged_at as requested_at,
        taken_over.taken_over_at as accepted_at,
        case
            when taken_over.taken_over_at is not null then 'accepted'
            when milestones.delivery_state = 'superseded' then 'superseded'
            else 'pending'
        end as outcome,
        coalesce(
            taken_over.taken_over_at,
            case when milestones.delivery_state = 'superseded' then milestones.flow_ended_at end
        ) as settled_at
    from milestones
    inner join changes
        on milestones.change_key = changes.change_key
    left join taken_over
        on milestones.change_key = taken_over.change_key
    where
        milestones.delivery_state in ('deployed', 'waiting', 'superseded')
        and not milestones.is_deployed_before_merge
    union all
    select
        change_key,
        'approval_gate' as mechanism,
        'ops' as from_role,
        'approver' as to_role,
        gate_number as round_number,
        cast(null as string) as from_person_key,
        decider_person_key as to_person_key,
        cast(null as string) as asked_team_key,
        opened_at as requested_at,
        decided_at as accepted_at,
        case
            when decided_at is not null then 'accepted'
            when left_at is not null then 'superseded'
            else 'pending'
        end as outcome,
        coalesce(decided_at, left_at) as settled_at
    from gate_decisions

)

select * from release_handoffs

with

milestones as (

    select * from {{ ref('int_delivery__change_milestones') }}

),

changes as (

    select * from {{ ref('int_flow__changes') }}

),

feature_milestones as (

    select * from {{ ref('int_features__change_milestones') }}

),

exposures as (

    select
        milestones.change_key,
        milestones.deployed_at,
        feature_milestones.adopted_at,
        coalesce(feature_milestones.has_flag and feature_milestones.has_key_event, false) as is_for_customers,
        case
            when feature_milestones.change_key is null then milestones.deployed_at
            else feature_milestones.exposed_at
        end as exposed_at
    from milestones
    left join feature_milestones
        on milestones.change_key = feature_milestones.change_key
    where milestones.delivery_state = 'deployed' and not milestones.is_deployed_before_merge

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
        opened_at as requested_at,
        decided_at as accepted_at,
        case
            when decided_at is not null then 'accepted'
            when left_at is not null then 'superseded'
            else 'pending'
        end as outcome,
        coalesce(decided_at, left_at) as settled_at
    from gate_decisions
    union all
    select
        change_key,
        'deployment' as mechanism,
        'ops' as from_role,
        'product' as to_role,
        cast(1 as bigint) as round_number,
        cast(null as string) as from_person_key,
        cast(null as string) as to_person_key,
        deployed_at as requested_at,
        exposed_at as accepted_at,
        case when exposed_at is null then 'pending' else 'accepted' end as outcome,
        exposed_at as settled_at
    from exposures
    union all
    select
        change_key,
        'flag_change' as mechanism,
        'product' as from_role,
        'customer' as to_role,
        cast(1 as bigint) as round_number,
        cast(null as string) as from_person_key,
        cast(null as string) as to_person_key,
        exposed_at as requested_at,
        adopted_at as accepted_at,
        case when adopted_at is null then 'pending' else 'accepted' end as outcome,
        adopted_at as settled_at
    from exposures
    where is_for_customers and exposed_at is not null

)

select
    change_key,
    mechanism,
    from_role,
    to_role,
    round_number,
    from_person_key,
    to_person_key,
    cast(null as string) as asked_team_key,
    requested_at,
    accepted_at,
    outcome,
    settled_at
from release_handoffs

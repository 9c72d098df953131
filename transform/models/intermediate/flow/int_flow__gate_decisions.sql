with

live_gates as (

    select * from {{ ref('int_delivery__live_gates') }}

),

gates as (

    select * from {{ ref('int_delivery__gates') }}

),

deployment_events as (

    select * from {{ ref('deployment_events') }}

),

accounts as (

    select * from {{ ref('int_people__accounts') }}

),

decisions as (

    select
        deployment_events.connection,
        deployment_events.deployment,
        deployment_events.occurred_at,
        min(accounts.person_key) as decider_person_key
    from deployment_events
    left join accounts
        on
            deployment_events.connection = accounts.connection
            and deployment_events.actor_account = accounts.account
    where deployment_events.type in ('gate_approved', 'gate_rejected')
    group by
        deployment_events.connection,
        deployment_events.deployment,
        deployment_events.occurred_at

),

decided_gates as (

    select
        live_gates.change_key,
        live_gates.deployment,
        live_gates.open_from,
        live_gates.open_until,
        gates.decided_at,
        decisions.decider_person_key
    from live_gates
    left join gates
        on
            live_gates.connection = gates.connection
            and live_gates.deployment = gates.deployment
            and live_gates.open_until = gates.decided_at
    left join decisions
        on
            gates.connection = decisions.connection
            and gates.deployment = decisions.deployment
            and gates.decided_at = decisions.occurred_at

),

ordered as (

    select
        *,
        coalesce(
            max(open_until) over earlier > open_from or bool_or(open_until is null) over earlier, false
        ) as is_beside_another
    from decided_gates
    window earlier as (
        partition by change_key
        order by open_from, deployment
        rows between unbounded preceding and 1 preceding
    )

),

waits as (

    select
        *,
        sum(case when is_beside_another then 0 else 1 end) over (
            partition by change_key order by open_from, deployment
        ) as gate_number
    from ordered

),

answered as (

    select
        *,
        row_number() over (
            partition by change_key, gate_number
            order by decided_at asc nulls last, decider_person_key asc nulls last
        ) = 1 as is_first_decision
    from waits

)

-- gates of several services that are open together are one wait: the first decision answers it
select
    change_key,
    cast(gate_number as bigint) as gate_number,
    min(open_from) as opened_at,
    case when count(open_until) = count(*) then max(open_until) end as left_at,
    min(decided_at) as decided_at,
    max(case when is_first_decision then decider_person_key end) as decider_person_key
from answered
group by change_key, gate_number

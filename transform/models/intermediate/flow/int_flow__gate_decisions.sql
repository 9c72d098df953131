with

visits as (

    select * from {{ ref('int_flow__visits') }}

),

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

-- gates of several services that are open together are one wait: the first decision answers it
gate_decisions as (

    select
        visits.change_key,
        visits.visit_number as gate_number,
        visits.entered_at as opened_at,
        visits.exited_at as left_at,
        min(decided_gates.decided_at) as decided_at,
        min_by(decided_gates.decider_person_key, decided_gates.decided_at) as decider_person_key
    from visits
    inner join decided_gates
        on
            visits.change_key = decided_gates.change_key
            and coalesce(visits.exited_at > decided_gates.open_from, true)
            and coalesce(visits.entered_at < decided_gates.open_until, true)
    where visits.stage = 'approval_wait'
    group by visits.change_key, visits.visit_number, visits.entered_at, visits.exited_at

)

select * from gate_decisions

with

visits as (

    select * from {{ ref('int_flow__visits') }}

),

gates as (

    select * from {{ ref('int_delivery__gates') }}

),

changes as (

    select * from {{ ref('int_flow__changes') }}

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

gate_decisions as (

    select
        visits.change_key,
        visits.visit_number as gate_number,
        visits.entered_at as opened_at,
        visits.exited_at as left_at,
        gates.decided_at,
        decisions.decider_person_key
    from visits
    inner join changes
        on visits.change_key = changes.change_key
    left join gates
        on
            changes.connection = gates.connection
            and visits.outside_event_id = gates.deployment
            and visits.exited_at = gates.decided_at
    left join decisions
        on
            gates.connection = decisions.connection
            and gates.deployment = decisions.deployment
            and gates.decided_at = decisions.occurred_at
    where visits.stage = 'approval_wait'
    qualify row_number() over (
        partition by visits.change_key, visits.visit_number order by gates.opened_at desc
    ) = 1

)

select * from gate_decisions

{{ config(materialized='table') }}

with

changes as (

    select * from {{ ref('int_flow__changes') }}

),

milestones as (

    select * from {{ ref('int_delivery__change_milestones') }}

),

live_attempts as (

    select * from {{ ref('int_delivery__live_attempts') }}

),

gated as (

    select * from {{ ref('int_delivery__live_gates') }}

),

instants as (

    select
        milestones.change_key,
        changes.merged_at as occurred_at
    from milestones
    inner join changes
        on milestones.change_key = changes.change_key
    where coalesce(milestones.flow_ended_at > changes.merged_at, true)
    union distinct
    select
        change_key,
        live_from as occurred_at
    from live_attempts
    union distinct
    select
        change_key,
        live_until as occurred_at
    from live_attempts
    union distinct
    select
        change_key,
        open_from as occurred_at
    from gated
    union distinct
    select
        change_key,
        open_until as occurred_at
    from gated

),

-- of several live attempts the one created last decides
deciding as (

    select
        instants.change_key,
        instants.occurred_at,
        live_attempts.connection,
        live_attempts.deployment,
        live_attempts.method
    from instants
    left join live_attempts
        on
            instants.change_key = live_attempts.change_key
            and instants.occurred_at >= live_attempts.live_from
            and coalesce(instants.occurred_at < live_attempts.live_until, true)
    where instants.occurred_at is not null
    qualify row_number() over (
        partition by instants.change_key, instants.occurred_at
        order by live_attempts.created_at desc nulls last, live_attempts.deployment desc
    ) = 1

)

select
    deciding.change_key,
    deciding.occurred_at,
    deciding.deployment,
    deciding.method,
    case
        when deciding.deployment is null then 'release_wait'
        when bool_or(gated.deployment is not null) then 'approval_wait'
        else 'deploy'
    end as stage
from deciding
left join gated
    on
        deciding.change_key = gated.change_key
        and deciding.connection = gated.connection
        and deciding.deployment = gated.deployment
        and deciding.occurred_at >= gated.open_from
        and coalesce(deciding.occurred_at < gated.open_until, true)
group by deciding.change_key, deciding.occurred_at, deciding.deployment, deciding.method

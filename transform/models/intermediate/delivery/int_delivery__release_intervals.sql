{{ config(materialized='table') }}

with

release_steps as (

    select * from {{ ref('int_delivery__release_steps') }}

),

milestones as (

    select * from {{ ref('int_delivery__change_milestones') }}

),

within as (

    select
        release_steps.*,
        milestones.flow_ended_at
    from release_steps
    inner join milestones
        on release_steps.change_key = milestones.change_key
    where coalesce(release_steps.occurred_at < milestones.flow_ended_at, true)

),

-- equal neighbours are one visit, whichever attempt it is that they go on in
moves as (

    select *
    from within
    qualify coalesce(stage != lag(stage) over (partition by change_key order by occurred_at), true)

)

select
    change_key,
    {{ surrogate_key('stage', 'stage') }} as stage_key,
    stage,
    occurred_at as entered_at,
    coalesce(
        lead(occurred_at) over (partition by change_key order by occurred_at), flow_ended_at
    ) as exited_at,
    deployment as source_event_id,
    method as evidence
from moves

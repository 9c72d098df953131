{{ config(materialized='table') }}

with

states as (

    select * from {{ ref('int_items__states') }}

),

stages as (

    select * from {{ ref('stages') }}

),

memberships as (

    select * from {{ ref('int_people__team_memberships') }}

),

-- equal neighbours are one visit
moves as (

    select *
    from states
    qualify
        coalesce(
            state != lag(state) over (partition by flow_item_type, flow_item_key order by occurred_at), true
        )

),

followed as (

    select
        moves.*,
        stages.stage_order,
        stages.waiting_on_role,
        lead(moves.occurred_at) over item as exited_at,
        lead(moves.state) over item as next_state,
        lead(stages.stage_order) over item as next_stage_order,
        row_number() over (
            partition by moves.flow_item_type, moves.flow_item_key, moves.state order by moves.occurred_at
        ) as visit_number
    from moves
    left join stages
        on moves.state = stages.stage
    window item as (partition by moves.flow_item_type, moves.flow_item_key order by moves.occurred_at)

),

person_teams as (

    select
        followed.flow_item_key,
        followed.occurred_at,
        min_by(memberships.team_key, memberships.team) as team_key
    from followed
    inner join memberships
        on
            followed.person_key = memberships.person_key
            and {{ is_valid_at('memberships', 'followed.occurred_at') }}
    group by followed.flow_item_key, followed.occurred_at

)

select
    followed.flow_item_type,
    followed.flow_item_key,
    {{ surrogate_key('stage', 'followed.state') }} as stage_key,
    followed.state as stage,
    followed.visit_number,
    followed.occurred_at as entered_at,
    followed.exited_at,
    case
        when followed.exited_at is null then 'open'
        when followed.next_state = 'rejected' then 'abandoned'
        when followed.next_stage_order < followed.stage_order then 'returned'
        else 'advanced'
    end as exit_reason,
    followed.waiting_on_role,
    followed.evidence,
    followed.service_key,
    coalesce(person_teams.team_key, followed.team_key) as team_key,
    followed.person_key,
    followed.event_id as source_event_id
from followed
left join person_teams
    on
        followed.flow_item_key = person_teams.flow_item_key
        and followed.occurred_at = person_teams.occurred_at
where followed.stage_order is not null

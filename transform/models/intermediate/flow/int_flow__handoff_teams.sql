{{ config(materialized='table') }}

with

handoffs as (

    select * from {{ ref('int_flow__handoffs') }}

),

item_teams as (

    select * from {{ ref('int_flow__item_teams') }}

),

person_teams as (

    select * from {{ ref('int_flow__person_teams') }}

),

handoff_teams as (

    select
        handoffs.*,
        case
            when handoffs.from_role = 'ops' then coalesce(item_teams.service_team_key, item_teams.team_key)
            else coalesce(givers.team_key, item_teams.team_key)
        end as from_team_key,
        case
            when handoffs.asked_team_key is not null then handoffs.asked_team_key
            when handoffs.to_role in ('ops', 'approver')
                then coalesce(takers.team_key, item_teams.service_team_key, item_teams.team_key)
            else coalesce(takers.team_key, item_teams.team_key)
        end as to_team_key
    from handoffs
    inner join item_teams
        on
            handoffs.change_key = item_teams.change_key
            and handoffs.requested_at = item_teams.instant
    left join person_teams as givers
        on
            handoffs.from_person_key = givers.person_key
            and handoffs.requested_at = givers.instant
    left join person_teams as takers
        on
            handoffs.to_person_key = takers.person_key
            and handoffs.requested_at = takers.instant

)

select
    handoff_key,
    change_key,
    mechanism,
    from_role,
    to_role,
    round_number,
    from_person_key,
    to_person_key,
    from_team_key,
    to_team_key,
    requested_at,
    accepted_at,
    settled_at,
    outcome,
    is_return
from handoff_teams

{{ config(materialized='table') }}

with

review_requests as (

    select * from {{ ref('int_flow__review_requests') }}

),

changes as (

    select * from {{ ref('int_flow__changes') }}

),

item_teams as (

    select * from {{ ref('int_flow__item_teams') }}

),

memberships as (

    select * from {{ ref('int_people__team_memberships') }}

),

request_teams as (

    select
        review_requests.*,
        changes.repository_key,
        coalesce(review_requests.asked_team_key, memberships.team_key, item_teams.team_key) as team_key
    from review_requests
    inner join changes
        on review_requests.change_key = changes.change_key
    inner join item_teams
        on
            review_requests.change_key = item_teams.change_key
            and coalesce(review_requests.requested_at, review_requests.asked_at) = item_teams.instant
    left join memberships
        on
            review_requests.asked_person_key = memberships.person_key
            and {{ is_valid_at('memberships', 'item_teams.instant') }}
    qualify row_number() over (
        partition by review_requests.change_key, review_requests.event_id
        order by memberships.team asc nulls last
    ) = 1

)

select
    change_key,
    connection,
    repository_key,
    event_id,
    asked_at,
    requested_at,
    asked_person_key,
    subject_team,
    team_key,
    outcome,
    answered_at,
    settled_at
from request_teams

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

person_teams as (

    select * from {{ ref('int_flow__person_teams') }}

),

request_teams as (

    select
        review_requests.*,
        changes.repository_key,
        coalesce(review_requests.asked_team_key, person_teams.team_key, item_teams.team_key) as team_key
    from review_requests
    inner join changes
        on review_requests.change_key = changes.change_key
    inner join item_teams
        on
            review_requests.change_key = item_teams.change_key
            and coalesce(review_requests.requested_at, review_requests.asked_at) = item_teams.instant
    left join person_teams
        on
            review_requests.asked_person_key = person_teams.person_key
            and item_teams.instant = person_teams.instant

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

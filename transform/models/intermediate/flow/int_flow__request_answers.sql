{{ config(materialized='table') }}

with

requests as (

    select * from {{ ref('int_flow__requests') }}

),

asked_teams as (

    select * from {{ ref('int_flow__asked_teams') }}

),

review_events as (

    select * from {{ ref('int_flow__review_events') }}

),

memberships as (

    select * from {{ ref('int_people__team_memberships') }}

),

candidates as (

    select
        requests.change_key,
        requests.event_id,
        review_events.event_id as answer_event_id,
        review_events.sequence as answer_sequence,
        review_events.occurred_at as answered_at,
        review_events.person_key as answer_person_key
    from requests
    inner join review_events
        on
            requests.change_key = review_events.change_key
            and requests.sequence < review_events.sequence
            and review_events.sequence < coalesce(requests.next_sequence, review_events.sequence + 1)
    left join asked_teams
        on
            requests.change_key = asked_teams.change_key
            and requests.event_id = asked_teams.event_id
    left join memberships
        on
            asked_teams.team_key = memberships.team_key
            and review_events.person_key = memberships.person_key
            and {{ is_valid_at('memberships', 'review_events.occurred_at') }}
    where
        (review_events.is_answer and review_events.person_key = requests.asked_person_key)
        or (
            review_events.is_response
            and requests.subject_team is not null
            and (not coalesce(asked_teams.has_members, false) or memberships.person_key is not null)
        )
    qualify row_number() over (
        partition by requests.change_key, requests.event_id order by review_events.sequence
    ) = 1

)

select * from candidates

{{ config(materialized='table') }}

with

requests as (

    select * from {{ ref('int_flow__requests') }}

),

request_answers as (

    select * from {{ ref('int_flow__request_answers') }}

),

asked_teams as (

    select * from {{ ref('int_flow__asked_teams') }}

),

settled as (

    select
        requests.*,
        asked_teams.team_key as asked_team_key,
        request_answers.answer_event_id,
        request_answers.answered_at,
        request_answers.answer_person_key,
        case
            when request_answers.answered_at is not null then 'accepted'
            when requests.next_type = 'review_request_removed' then 'withdrawn'
            when requests.next_type = 'review_requested' then 'superseded'
            when requests.change_ended_at is not null then 'withdrawn'
            else 'pending'
        end as outcome,
        coalesce(request_answers.answered_at, requests.next_at, requests.change_ended_at) as settled_at,
        coalesce(request_answers.answer_sequence, requests.next_sequence) as settled_sequence
    from requests
    left join request_answers
        on
            requests.change_key = request_answers.change_key
            and requests.event_id = request_answers.event_id
    left join asked_teams
        on
            requests.change_key = asked_teams.change_key
            and requests.event_id = asked_teams.event_id

)

select
    change_key,
    connection,
    event_id,
    sequence,
    asked_at,
    asked_person_key,
    is_human_asked,
    subject_team,
    asked_team_key,
    answer_event_id,
    answered_at,
    next_type,
    next_at,
    next_sequence,
    outcome,
    settled_at,
    settled_sequence,
    case when effective_at <= coalesce(settled_at, effective_at) then effective_at end as requested_at
from settled

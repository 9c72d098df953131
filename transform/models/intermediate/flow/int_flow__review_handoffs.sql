with

rounds as (

    select * from {{ ref('int_flow__rounds') }}

),

round_answers as (

    select * from {{ ref('int_flow__round_answers') }}

),

round_requests as (

    select * from {{ ref('int_flow__round_requests') }}

),

changes as (

    select * from {{ ref('int_flow__changes') }}

),

review_handoffs as (

    select
        rounds.change_key,
        'review_request' as mechanism,
        'author' as from_role,
        'reviewer' as to_role,
        rounds.round_number,
        changes.author_person_key as from_person_key,
        round_answers.responder_person_key as to_person_key,
        round_requests.asked_team_key,
        coalesce(round_requests.requested_at, rounds.started_at) as requested_at,
        round_answers.accepted_at,
        case
            when round_answers.accepted_at is not null then 'accepted'
            when round_requests.removed_at is not null then 'withdrawn'
            when rounds.next_started_at is not null then 'superseded'
            when rounds.change_ended_at is not null then 'withdrawn'
            else 'pending'
        end as outcome,
        coalesce(
            round_answers.accepted_at,
            round_requests.removed_at,
            rounds.next_started_at,
            rounds.change_ended_at
        ) as settled_at
    from rounds
    inner join changes
        on rounds.change_key = changes.change_key
    left join round_answers
        on
            rounds.change_key = round_answers.change_key
            and rounds.round_number = round_answers.round_number
    left join round_requests
        on
            rounds.change_key = round_requests.change_key
            and rounds.round_number = round_requests.round_number
    where
        rounds.round_number > 1
        or round_requests.requested_at is not null
        or round_answers.accepted_at is not null

)

select * from review_handoffs

with

rounds as (

    select * from {{ ref('int_flow__rounds') }}

),

review_requests as (

    select * from {{ ref('int_flow__review_requests') }}

),

round_answers as (

    select * from {{ ref('int_flow__round_answers') }}

),

standing as (

    select
        rounds.change_key,
        rounds.round_number,
        review_requests.sequence,
        review_requests.asked_team_key,
        greatest(rounds.started_at, review_requests.requested_at) as requested_at,
        review_requests.outcome = 'superseded'
        and review_requests.next_sequence <= rounds.end_sequence as is_repeated,
        case
            when
                review_requests.next_type = 'review_request_removed'
                and review_requests.outcome = 'withdrawn'
                and review_requests.next_sequence <= rounds.end_sequence
                then review_requests.next_at
        end as removed_at
    from rounds
    inner join review_requests
        on
            rounds.change_key = review_requests.change_key
            and review_requests.is_human_asked
            and review_requests.requested_at
            < coalesce(rounds.next_started_at, review_requests.requested_at + interval '1' day)
            and rounds.start_sequence
            < coalesce(review_requests.settled_sequence, rounds.start_sequence + 1)
    left join round_answers
        on
            rounds.change_key = round_answers.change_key
            and rounds.round_number = round_answers.round_number
    where
        round_answers.accepted_at is null
        or (
            review_requests.requested_at <= round_answers.accepted_at
            and review_requests.sequence < round_answers.answer_sequence
        )

),

round_requests as (

    select
        change_key,
        round_number,
        min(requested_at) as requested_at,
        min_by(asked_team_key, sequence) filter (where asked_team_key is not null) as asked_team_key,
        case
            when count(case when not coalesce(is_repeated, false) then 1 end) = count(removed_at)
                then max(removed_at)
        end as removed_at
    from standing
    group by change_key, round_number

)

select * from round_requests

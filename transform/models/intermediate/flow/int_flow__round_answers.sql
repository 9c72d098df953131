with

review_events as (

    select * from {{ ref('int_flow__review_events') }}

),

review_requests as (

    select * from {{ ref('int_flow__review_requests') }}

),

responses as (

    select * from review_events
    where
        is_response
        and round_number > 0

),

standing as (

    select
        responses.change_key,
        responses.sequence,
        max(
            case when review_requests.answer_event_id = responses.event_id then 1 else 0 end
        ) as is_answer
    from responses
    inner join review_requests
        on
            responses.change_key = review_requests.change_key
            and review_requests.is_human_asked
            and responses.occurred_at >= review_requests.requested_at
            and responses.sequence > review_requests.sequence
            and responses.sequence <= coalesce(review_requests.settled_sequence, responses.sequence)
    group by responses.change_key, responses.sequence

)

select
    responses.change_key,
    responses.round_number,
    responses.sequence as answer_sequence,
    responses.occurred_at as accepted_at,
    responses.person_key as responder_person_key
from responses
left join standing
    on
        responses.change_key = standing.change_key
        and responses.sequence = standing.sequence
where coalesce(standing.is_answer, 1) = 1
qualify row_number() over (
    partition by responses.change_key, responses.round_number order by responses.sequence
) = 1

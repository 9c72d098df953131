with

review_events as (

    select * from {{ ref('int_flow__review_events') }}

),

review_requests as (

    select * from {{ ref('int_flow__review_requests') }}

),

weighed as (

    select
        review_events.change_key,
        review_events.round_number,
        review_events.sequence,
        review_events.occurred_at,
        review_events.person_key,
        count(review_requests.event_id) as standing_count,
        count(
            case when review_requests.answer_event_id = review_events.event_id then 1 end
        ) as answered_count
    from review_events
    left join review_requests
        on
            review_events.change_key = review_requests.change_key
            and review_requests.is_human_asked
            and review_events.occurred_at >= review_requests.requested_at
            and review_events.sequence > review_requests.sequence
            and review_events.sequence <= coalesce(review_requests.settled_sequence, review_events.sequence)
    where
        review_events.is_response
        and review_events.round_number > 0
    group by
        review_events.change_key,
        review_events.round_number,
        review_events.sequence,
        review_events.occurred_at,
        review_events.person_key

)

select
    change_key,
    round_number,
    occurred_at as accepted_at,
    person_key as responder_person_key
from weighed
where
    standing_count = 0
    or answered_count > 0
qualify row_number() over (partition by change_key, round_number order by sequence) = 1

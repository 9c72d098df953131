with

review_events as (

    select * from {{ ref('int_flow__review_events') }}

),

changes as (

    select * from {{ ref('int_flow__changes') }}

),

accounts as (

    select * from {{ ref('int_people__accounts') }}

),

asking as (

    select
        review_events.*,
        changes.author_person_key,
        asked.person_key as asked_person_key,
        coalesce(asked.is_human, true) as is_human_asked,
        lead(review_events.type) over same_subject as next_type,
        lead(review_events.occurred_at) over same_subject as next_at,
        lead(review_events.sequence) over same_subject as next_sequence
    from review_events
    inner join changes
        on review_events.change_key = changes.change_key
    left join accounts as asked
        on
            review_events.connection = asked.connection
            and review_events.subject_account = asked.account
    where
        review_events.type in ('review_requested', 'review_request_removed')
        and (review_events.subject_account is not null or review_events.subject_team is not null)
    window same_subject as (
        partition by review_events.change_key, review_events.subject_account, review_events.subject_team
        order by review_events.sequence
    )

)

select
    change_key,
    connection,
    event_id,
    sequence,
    occurred_at as asked_at,
    case when is_draft then next_ready_at else occurred_at end as effective_at,
    subject_account,
    asked_person_key,
    is_human_asked,
    subject_team,
    next_type,
    next_at,
    next_sequence,
    ended_at as change_ended_at
from asking
where
    type = 'review_requested'
    and coalesce(asked_person_key != author_person_key, true)

with

visits as (

    select * from {{ ref('int_flow__visits') }}

),

review_requests as (

    select * from {{ ref('int_flow__review_requests') }}

),

visit_requests as (

    select
        visits.change_key,
        visits.entered_at,
        review_requests.asked_person_key,
        review_requests.asked_team_key
    from visits
    inner join review_requests
        on
            visits.change_key = review_requests.change_key
            and review_requests.is_human_asked
            and review_requests.requested_at
            < coalesce(visits.exited_at, review_requests.requested_at + interval '1' day)
            and visits.entered_at < coalesce(review_requests.settled_at, visits.entered_at + interval '1' day)
    where visits.stage in ('review_wait', 'review')
    qualify row_number() over (
        partition by visits.change_key, visits.entered_at
        order by review_requests.requested_at, review_requests.sequence
    ) = 1

)

select * from visit_requests

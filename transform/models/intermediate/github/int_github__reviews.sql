{{ config(enabled=is_connector_enabled('github')) }}

with

timeline as (

    select * from {{ ref('stg_github__pull_request_timeline') }}

),

-- A dismissed review shows DISMISSED from its first second on: only the dismissal still knows the verdict.
dismissals as (

    select
        connection,
        review_id,
        min_by(lower(detail), occurred_at) as verdict
    from timeline
    where
        event_type = 'ReviewDismissedEvent'
        and lower(detail) in ('approved', 'changes_requested', 'commented')
    group by connection, review_id

),

reviews as (

    select
        timeline.connection,
        timeline.pull_request_id,
        timeline.event_id,
        case
            when timeline.review_state <> 'dismissed' then timeline.review_state
            else coalesce(dismissals.verdict, 'commented')
        end as verdict,
        timeline.review_state <> 'dismissed' or dismissals.verdict is not null as is_verdict_known,
        timeline.occurred_at,
        timeline.actor_id,
        timeline.sha
    from timeline
    left join dismissals
        on
            timeline.connection = dismissals.connection
            and timeline.event_id = dismissals.review_id
    where
        timeline.event_type = 'PullRequestReview'
        and timeline.review_state in ('approved', 'changes_requested', 'commented', 'dismissed')

)

select * from reviews

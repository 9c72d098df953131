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

submitted as (

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

),

-- A review comment is submitted with its review; on its own it counts where that review is not to be had.
lone_comments as (

    select
        timeline.connection,
        timeline.pull_request_id,
        timeline.event_id,
        'commented' as verdict,
        true as is_verdict_known,
        timeline.occurred_at,
        timeline.actor_id,
        timeline.sha
    from timeline
    left join submitted
        on
            timeline.connection = submitted.connection
            and timeline.review_id = submitted.event_id
    where
        timeline.event_type = 'PullRequestReviewComment'
        and submitted.event_id is null

),

united as (

    select * from submitted
    union all
    select * from lone_comments

)

select * from united

{{ config(enabled=is_connector_enabled('github')) }}

with

shas as (

    select * from {{ ref('int_github__pull_request_shas') }}

),

pushes as (

    select * from {{ ref('stg_github__pushes') }}

),

timeline as (

    select * from {{ ref('stg_github__pull_request_timeline') }}

),

-- A push belongs to a pull request if its branch and one of its two commits do: forks name their branches as
-- they like, `main` included.
activities as (

    select distinct
        shas.connection,
        shas.pull_request_id,
        shas.pull_request_id || ':activity:' || pushes.push_id as event_id,
        case when pushes.activity_type = 'force_push' then 'force_pushed' else 'pushed' end as type,
        pushes.occurred_at,
        pushes.actor_id,
        pushes.before_sha,
        pushes.after_sha as sha,
        'activity' as method
    from pushes
    inner join shas
        on
            pushes.connection = shas.connection
            and pushes.repository_id = shas.repository_id
            and pushes.branch = shas.head_branch
            and shas.sha in (pushes.after_sha, pushes.before_sha)
    where
        pushes.activity_type in ('push', 'force_push', 'branch_creation')
        and pushes.after_sha is not null
        and pushes.occurred_at <= coalesce(shas.ended_at, pushes.occurred_at)

),

force_pushes as (

    select
        timeline.connection,
        timeline.pull_request_id,
        timeline.event_id,
        'force_pushed' as type,
        timeline.occurred_at,
        timeline.actor_id,
        timeline.before_sha,
        timeline.sha,
        'force_push_event' as method
    from timeline
    left join activities
        on
            timeline.connection = activities.connection
            and timeline.pull_request_id = activities.pull_request_id
            and timeline.sha = activities.sha
            and timeline.before_sha = activities.before_sha
    where
        timeline.event_type = 'HeadRefForcePushedEvent'
        and activities.event_id is null

),

united as (

    select * from activities
    union all
    select * from force_pushes

)

select * from united

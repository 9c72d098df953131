{{ config(enabled=is_connector_enabled('github')) }}

with

pull_requests as (

    select * from {{ ref('stg_github__pull_requests') }}

),

timeline as (

    select * from {{ ref('stg_github__pull_request_timeline') }}

),

event_types as (

    select * from {{ ref('int_github__event_types') }}

),

lifecycle_events as (

    select * from {{ ref('int_github__lifecycle_events') }}

),

reviews as (

    select * from {{ ref('int_github__reviews') }}

),

recorded_pushes as (

    select * from {{ ref('int_github__recorded_pushes') }}

),

derived_pushes as (

    select * from {{ ref('int_github__derived_pushes') }}

),

united as (

    select
        connection,
        pull_request_id,
        event_id,
        type,
        occurred_at,
        actor_id,
        cast(null as string) as subject_id,
        cast(null as string) as subject_team,
        sha,
        cast(null as string) as detail,
        'exact' as exactness
    from lifecycle_events
    union all
    select
        timeline.connection,
        timeline.pull_request_id,
        timeline.event_id,
        event_types.type,
        timeline.occurred_at,
        timeline.actor_id,
        timeline.subject_id,
        timeline.subject_team,
        timeline.sha,
        case
            when event_types.type in ('dequeued', 'review_dismissed') then lower(timeline.detail)
            else timeline.detail
        end as detail,
        'exact' as exactness
    from timeline
    inner join event_types on timeline.event_type = event_types.event_type
    union all
    select
        connection,
        pull_request_id,
        event_id,
        'reviewed_' || verdict as type,
        occurred_at,
        actor_id,
        cast(null as string) as subject_id,
        cast(null as string) as subject_team,
        sha,
        case when not is_verdict_known then 'verdict_unknown' end as detail,
        case when is_verdict_known then 'exact' else 'derived' end as exactness
    from reviews
    union all
    select
        connection,
        pull_request_id,
        event_id,
        type,
        occurred_at,
        actor_id,
        cast(null as string) as subject_id,
        cast(null as string) as subject_team,
        sha,
        method as detail,
        'exact' as exactness
    from recorded_pushes
    union all
    select
        connection,
        pull_request_id,
        event_id,
        type,
        occurred_at,
        actor_id,
        cast(null as string) as subject_id,
        cast(null as string) as subject_team,
        sha,
        method as detail,
        'derived' as exactness
    from derived_pushes

),

final as (

    select
        united.connection,
        'github' as connector,
        united.event_id as source_id,
        united.pull_request_id as change,
        pull_requests.repository_id as repository,
        united.type,
        united.occurred_at,
        united.actor_id as actor_account,
        united.subject_id as subject_account,
        united.subject_team,
        united.sha,
        united.detail,
        united.exactness,
        pull_requests.extracted_at
    from united
    inner join pull_requests
        on
            united.connection = pull_requests.connection
            and united.pull_request_id = pull_requests.pull_request_id

)

select * from final

{{ config(enabled=is_connector_enabled('github')) }}

with

pull_requests as (

    select * from {{ ref('stg_github__pull_requests') }}

),

timeline as (

    select * from {{ ref('stg_github__pull_request_timeline') }}

),

closings as (

    select * from {{ ref('int_github__closings') }}

),

recorded_merges as (

    select
        connection,
        pull_request_id,
        min(event_id) as event_id,
        min_by(actor_id, event_id) as actor_id
    from timeline
    where event_type = 'MergedEvent'
    group by connection, pull_request_id

),

opened as (

    select
        connection,
        pull_request_id,
        pull_request_id || ':opened' as event_id,
        'opened' as type,
        created_at as occurred_at,
        author_id as actor_id,
        cast(null as string) as sha
    from pull_requests

),

reopened as (

    select
        connection,
        pull_request_id,
        event_id,
        'reopened' as type,
        occurred_at,
        actor_id,
        cast(null as string) as sha
    from timeline
    where event_type = 'ReopenedEvent'

),

closed as (

    select
        connection,
        pull_request_id,
        event_id,
        'closed' as type,
        occurred_at,
        actor_id,
        cast(null as string) as sha
    from closings

),

merged as (

    select
        pull_requests.connection,
        pull_requests.pull_request_id,
        coalesce(recorded_merges.event_id, pull_requests.pull_request_id || ':merged') as event_id,
        'merged' as type,
        pull_requests.merged_at as occurred_at,
        coalesce(pull_requests.merged_by_id, recorded_merges.actor_id) as actor_id,
        pull_requests.merge_sha as sha
    from pull_requests
    left join recorded_merges
        on
            pull_requests.connection = recorded_merges.connection
            and pull_requests.pull_request_id = recorded_merges.pull_request_id
    where pull_requests.merged_at is not null

),

united as (

    select * from opened
    union all
    select * from reopened
    union all
    select * from closed
    union all
    select * from merged

)

select * from united

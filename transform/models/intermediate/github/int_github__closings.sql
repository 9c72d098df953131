{{ config(enabled=is_connector_enabled('github')) }}

with

pull_requests as (

    select * from {{ ref('stg_github__pull_requests') }}

),

timeline as (

    select * from {{ ref('stg_github__pull_request_timeline') }}

),

last_reopenings as (

    select
        connection,
        pull_request_id,
        max(occurred_at) as reopened_at
    from timeline
    where event_type = 'ReopenedEvent'
    group by connection, pull_request_id

),

recorded as (

    select
        timeline.connection,
        timeline.pull_request_id,
        timeline.event_id,
        timeline.occurred_at,
        timeline.actor_id,
        coalesce(timeline.occurred_at >= last_reopenings.reopened_at, true)
        and row_number() over (
            partition by timeline.connection, timeline.pull_request_id
            order by timeline.occurred_at desc, timeline.event_id desc
        ) = 1 as is_final
    from timeline
    left join last_reopenings
        on
            timeline.connection = last_reopenings.connection
            and timeline.pull_request_id = last_reopenings.pull_request_id
    where timeline.event_type = 'ClosedEvent'

),

-- GitHub also records a closing in the second of a merge or the next: that one is the merge.
reversed_closings as (

    select
        recorded.connection,
        recorded.pull_request_id,
        recorded.event_id,
        recorded.occurred_at,
        recorded.actor_id
    from recorded
    inner join pull_requests
        on
            recorded.connection = pull_requests.connection
            and recorded.pull_request_id = pull_requests.pull_request_id
    where
        not (recorded.is_final and pull_requests.state = 'closed')
        and coalesce({{ seconds_between('recorded.occurred_at', 'pull_requests.merged_at') }} > 5, true)

),

final_closings as (

    select
        pull_requests.connection,
        pull_requests.pull_request_id,
        coalesce(recorded.event_id, pull_requests.pull_request_id || ':closed') as event_id,
        pull_requests.closed_at as occurred_at,
        recorded.actor_id
    from pull_requests
    left join recorded
        on
            pull_requests.connection = recorded.connection
            and pull_requests.pull_request_id = recorded.pull_request_id
            and recorded.is_final
    where pull_requests.state = 'closed'

),

final as (

    select * from reversed_closings
    union all
    select * from final_closings

)

select * from final

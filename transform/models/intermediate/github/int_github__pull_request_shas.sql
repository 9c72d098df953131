{{ config(enabled=is_connector_enabled('github')) }}

with

pull_requests as (

    select * from {{ ref('stg_github__pull_requests') }}

),

timeline as (

    select * from {{ ref('stg_github__pull_request_timeline') }}

),

commits as (

    select * from {{ ref('stg_github__pull_request_commits') }}

),

force_pushes as (

    select * from timeline
    where event_type = 'HeadRefForcePushedEvent'

),

named as (

    select
        connection,
        pull_request_id,
        sha
    from commits
    union
    select
        connection,
        pull_request_id,
        head_sha as sha
    from pull_requests
    union
    select
        connection,
        pull_request_id,
        sha
    from force_pushes
    union
    select
        connection,
        pull_request_id,
        before_sha as sha
    from force_pushes

),

final as (

    select
        named.connection,
        named.pull_request_id,
        named.sha,
        pull_requests.repository_id,
        pull_requests.head_branch,
        pull_requests.created_at,
        coalesce(pull_requests.merged_at, pull_requests.closed_at) as ended_at,
        commits.position,
        commits.committed_at,
        commits.author_id
    from named
    inner join pull_requests
        on
            named.connection = pull_requests.connection
            and named.pull_request_id = pull_requests.pull_request_id
    left join commits
        on
            named.connection = commits.connection
            and named.pull_request_id = commits.pull_request_id
            and named.sha = commits.sha
    where named.sha is not null

)

select * from final

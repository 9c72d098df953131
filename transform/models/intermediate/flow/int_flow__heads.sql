{{ config(materialized='table') }}

with

changes as (

    select * from {{ ref('int_flow__changes') }}

),

change_events as (

    select * from {{ ref('int_flow__change_events') }}

),

change_commits as (

    select * from {{ ref('change_commits') }}

),

pushes as (

    select
        change_key,
        sequence,
        occurred_at,
        sha
    from change_events
    where is_push

),

pushed_changes as (

    select
        change_key,
        min(occurred_at) as first_pushed_at
    from pushes
    group by change_key

),

opening_commits as (

    select
        changes.change_key,
        max_by(change_commits.sha, change_commits.position) as sha
    from changes
    inner join change_commits
        on
            changes.connection = change_commits.connection
            and changes.change = change_commits.change
    where change_commits.committed_at <= changes.created_at
    group by changes.change_key

),

opening_heads as (

    select
        changes.change_key,
        0 as sequence,
        changes.build_started_at as occurred_at,
        case
            when pushed_changes.change_key is null then changes.head_sha
            else opening_commits.sha
        end as sha
    from changes
    left join pushed_changes
        on changes.change_key = pushed_changes.change_key
    left join opening_commits
        on changes.change_key = opening_commits.change_key
    where changes.created_at < coalesce(pushed_changes.first_pushed_at, changes.created_at + interval '1' day)

),

all_heads as (

    select * from opening_heads
    union all
    select * from pushes

),

heads as (

    select
        change_key,
        sha,
        occurred_at as started_at,
        lead(occurred_at) over (partition by change_key order by sequence) as ended_at
    from all_heads

)

select
    heads.change_key,
    changes.connection,
    changes.repository,
    heads.sha,
    heads.started_at,
    heads.ended_at
from heads
inner join changes
    on heads.change_key = changes.change_key
where heads.sha is not null

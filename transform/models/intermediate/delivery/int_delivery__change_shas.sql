{{ config(materialized='table') }}

with

changes as (

    select * from {{ ref('int_flow__changes') }}

),

change_events as (

    select * from {{ ref('change_events') }}

),

change_commits as (

    select * from {{ ref('change_commits') }}

),

united as (

    select
        connection,
        change,
        head_sha as sha,
        1 as method_rank
    from changes
    union all
    select
        connection,
        change,
        sha,
        2 as method_rank
    from change_events
    where type in ('pushed', 'force_pushed')
    union all
    select
        connection,
        change,
        sha,
        3 as method_rank
    from change_commits
    union all
    select
        connection,
        change,
        merge_sha as sha,
        4 as method_rank
    from changes
    where merged_at is not null

)

select
    connection,
    change,
    sha,
    min(method_rank) as method_rank
from united
where sha is not null
group by connection, change, sha

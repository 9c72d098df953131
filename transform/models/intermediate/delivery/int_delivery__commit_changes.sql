{{ config(materialized='table') }}

with

commits as (

    select * from {{ ref('commits') }}

),

changes as (

    select * from {{ ref('int_flow__changes') }}

),

change_commits as (

    select * from {{ ref('change_commits') }}

),

merged as (

    select *
    from changes
    where merged_at is not null

),

known as (

    select
        merged.connection,
        merged.repository,
        merged.merge_sha as sha,
        merged.change_key,
        merged.merged_at,
        'merge_sha' as method,
        1 as method_rank
    from merged
    union all
    select
        merged.connection,
        merged.repository,
        change_commits.sha,
        merged.change_key,
        merged.merged_at,
        'change_commit' as method,
        2 as method_rank
    from merged
    inner join change_commits
        on
            merged.connection = change_commits.connection
            and merged.change = change_commits.change
    union all
    -- rebasing makes new commits in the second of the merge and keeps author and time of writing
    select
        merged.connection,
        merged.repository,
        commits.sha,
        merged.change_key,
        merged.merged_at,
        'rebased_commit' as method,
        3 as method_rank
    from merged
    inner join change_commits
        on
            merged.connection = change_commits.connection
            and merged.change = change_commits.change
    inner join commits
        on
            merged.connection = commits.connection
            and merged.repository = commits.repository
            and change_commits.authored_at = commits.authored_at
            and change_commits.author_account is not distinct from commits.author_account
            and change_commits.sha != commits.sha
    where
        commits.is_on_default_branch
        and abs({{ seconds_between('merged.merged_at', 'commits.committed_at') }}) <= 60

)

select
    connection,
    repository,
    sha,
    change_key,
    method
from known
where sha is not null
qualify row_number() over (
    partition by connection, repository, sha order by method_rank asc, merged_at asc, change_key asc
) = 1

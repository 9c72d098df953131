{{ config(materialized='table') }}

with

tested_shas as (

    select * from {{ ref('int_delivery__tested_shas') }}

),

change_shas as (

    select * from {{ ref('int_delivery__change_shas') }}

),

changes as (

    select * from {{ ref('int_flow__changes') }}

),

branches as (

    select
        connection,
        source_id as change,
        head_branch
    from {{ ref('changes') }}

),

matched as (

    select
        tested_shas.connection,
        tested_shas.repository,
        tested_shas.sha,
        tested_shas.branch,
        tested_shas.first_queued_at,
        changes.change_key,
        changes.created_at,
        changes.merged_at,
        change_shas.method_rank,
        coalesce(tested_shas.branch = branches.head_branch, false) as is_head_branch,
        coalesce(tested_shas.branch = changes.base_branch, false) as is_base_branch
    from tested_shas
    inner join change_shas
        on
            tested_shas.connection = change_shas.connection
            and tested_shas.sha = change_shas.sha
    inner join changes
        on
            change_shas.connection = changes.connection
            and change_shas.change = changes.change
            and tested_shas.repository = changes.repository
    inner join branches
        on
            changes.connection = branches.connection
            and changes.change = branches.change

)

-- a run on the base branch tests the trunk, even where merging kept the sha; one that tests the merge
-- before it happened is the merge queue's
select
    connection,
    repository,
    sha,
    branch,
    change_key
from matched
where
    (method_rank < 4 and (is_head_branch or not is_base_branch))
    or (method_rank = 4 and first_queued_at < merged_at)
qualify row_number() over (
    partition by connection, repository, sha, branch
    order by is_head_branch desc, method_rank asc, created_at asc, change_key asc
) = 1

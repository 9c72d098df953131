with

changes as (

    select * from {{ ref('int_flow__changes') }}

),

reverting as (

    select * from changes
    where merged_at is not null

),

-- one equality each: a condition with `or` would compare every change with every other
named as (

    select
        reverted.change_key,
        reverting.change_key as reverted_by_change_key,
        reverting.merged_at as reverted_at
    from reverting
    inner join changes as reverted
        on
            reverting.repository_key = reverted.repository_key
            and reverting.base_branch = reverted.base_branch
            and reverting.reverts_sha = reverted.merge_sha
            and reverting.merged_at >= reverted.merged_at
            and reverting.change_key != reverted.change_key
    union distinct
    select
        reverted.change_key,
        reverting.change_key as reverted_by_change_key,
        reverting.merged_at as reverted_at
    from reverting
    inner join changes as reverted
        on
            reverting.repository_key = reverted.repository_key
            and reverting.base_branch = reverted.base_branch
            and reverting.reverts_number = reverted.number
            and reverting.merged_at >= reverted.merged_at
            and reverting.change_key != reverted.change_key

)

select *
from named
qualify row_number() over (partition by change_key order by reverted_at, reverted_by_change_key) = 1

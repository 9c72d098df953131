with

changes as (

    select * from {{ ref('int_flow__changes') }}

),

reverting as (

    select
        reverted.change_key,
        reverting.change_key as reverted_by_change_key,
        reverting.merged_at as reverted_at
    from changes as reverted
    inner join changes as reverting
        on
            reverted.connection = reverting.connection
            and reverted.repository = reverting.repository
            and reverted.base_branch = reverting.base_branch
            and reverted.merged_at <= reverting.merged_at
            and reverted.change_key != reverting.change_key
            and (reverted.merge_sha = reverting.reverts_sha or reverted.number = reverting.reverts_number)

)

select *
from reverting
qualify row_number() over (partition by change_key order by reverted_at, reverted_by_change_key) = 1

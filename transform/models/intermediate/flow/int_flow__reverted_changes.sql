with

changes as (

    select * from {{ ref('int_flow__changes') }}

),

reverted_changes as (

    select
        reverting.change_key,
        reverted.change_key as reverts_change_key
    from changes as reverting
    inner join changes as reverted
        on
            reverting.repository_key = reverted.repository_key
            and reverting.reverts_number = reverted.number
            and reverting.change_key != reverted.change_key
    union distinct
    select
        reverting.change_key,
        reverted.change_key as reverts_change_key
    from changes as reverting
    inner join changes as reverted
        on
            reverting.repository_key = reverted.repository_key
            and reverting.reverts_sha = reverted.merge_sha
            and reverting.change_key != reverted.change_key

)

select
    change_key,
    min(reverts_change_key) as reverts_change_key
from reverted_changes
group by change_key

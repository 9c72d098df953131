with

changes as (

    select * from {{ ref('int_flow__changes') }}

)

-- what a merge leaves behind is its own commit, or the head where the source knows no other
select
    connection,
    repository,
    change_key,
    coalesce(merge_sha, head_sha) as sha,
    merge_sha is null as is_head,
    true as is_left_behind
from changes
where merged_at is not null
union all
select
    connection,
    repository,
    change_key,
    head_sha as sha,
    true as is_head,
    false as is_left_behind
from changes
where merged_at is null or merge_sha != head_sha

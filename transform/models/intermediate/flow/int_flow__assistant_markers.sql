with

changes as (

    select * from {{ ref('int_flow__changes') }}

),

change_commits as (

    select * from {{ ref('change_commits') }}

),

commits as (

    select * from {{ ref('commits') }}

),

marked as (

    select
        change_key,
        true as is_of_change,
        assistant_markers
    from changes
    union all
    select
        changes.change_key,
        false as is_of_change,
        change_commits.assistant_markers
    from changes
    inner join change_commits
        on
            changes.connection = change_commits.connection
            and changes.change = change_commits.change
    union all
    select
        changes.change_key,
        false as is_of_change,
        commits.assistant_markers
    from changes
    inner join commits
        on
            changes.connection = commits.connection
            and changes.repository = commits.repository
            and changes.merge_sha = commits.sha

),

known as (

    select
        change_key,
        is_of_change,
        {{ split_list('assistant_markers') }} as markers
    from marked
    where assistant_markers is not null

),

listed as (

    select
        known.change_key,
        known.is_of_change,
        split_part(marker.marker, ':', 1) as evidence,
        split_part(marker.marker, ':', 2) as assistant
    from known
    {{ cross_unnest('known.markers', 'marker') }}

)

select distinct
    change_key,
    is_of_change,
    evidence,
    assistant
from listed

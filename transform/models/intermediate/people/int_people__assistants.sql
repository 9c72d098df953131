with

changes as (

    select * from {{ ref('changes') }}

),

change_commits as (

    select * from {{ ref('change_commits') }}

),

commits as (

    select * from {{ ref('commits') }}

),

marked as (

    select assistant_markers from changes
    union distinct
    select assistant_markers from change_commits
    union distinct
    select assistant_markers from commits

),

listed as (

    select {{ split_list('assistant_markers') }} as markers
    from marked
    where assistant_markers is not null

),

named as (

    select distinct split_part(marker.marker, ':', 2) as assistant
    from listed
    {{ cross_unnest('listed.markers', 'marker') }}

)

select
    {{ surrogate_key('assistant', 'assistant') }} as assistant_key,
    assistant
from named
where assistant != ''

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

sessions as (

    select * from {{ ref('assistant_sessions') }}

),

usage as (

    select * from {{ ref('assistant_usage_daily') }}

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

    select split_part(marker.marker, ':', 2) as assistant
    from listed
    {{ cross_unnest('listed.markers', 'marker') }}
    union distinct
    select tool as assistant
    from sessions
    union distinct
    select tool as assistant
    from usage

)

select
    {{ surrogate_key('assistant', 'assistant') }} as assistant_key,
    assistant
from named
where assistant != ''

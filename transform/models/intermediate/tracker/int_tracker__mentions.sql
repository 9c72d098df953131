with

-- a revert bears the names of what it takes back
changes as (

    select * from {{ ref('changes') }}
    where reverts_number is null and reverts_sha is null

),

in_branches as (

    select
        changes.connection,
        changes.source_id as change,
        mention.mention as name,
        'branch' as method
    from changes
    {{ cross_unnest(
        "regexp_extract_all(lower(changes.head_branch), '[a-z][a-z0-9]+-[0-9]+', 0)", 'mention'
    ) }}

),

markers as (

    select
        changes.connection,
        changes.source_id as change,
        marker.marker
    from changes {{ cross_unnest(split_list('changes.title_marker', ', '), 'marker') }}

),

in_words as (

    select
        connection,
        change,
        lower(regexp_extract(marker, '^(commits name|names) (.+)$', 2)) as name,
        case when marker like 'commits name %' then 'commit' else 'title_key' end as method
    from markers
    where marker like 'commits name %' or marker like 'names %'

)

select distinct * from in_branches
union all
select distinct * from in_words

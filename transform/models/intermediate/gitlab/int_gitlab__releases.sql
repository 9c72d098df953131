{{ config(enabled=is_connector_enabled('gitlab')) }}

with

releases as (

    select * from {{ ref('stg_gitlab__releases') }}

),

tags as (

    select * from {{ ref('stg_gitlab__tags') }}

),

-- GitLab marks no release as not for general use.
released as (

    select
        releases.connection,
        'gitlab' as connector,
        'release:' || releases.repository_id || ':' || releases.tag_name as source_id,
        releases.repository_id as repository,
        releases.tag_name as name,
        releases.tag_name as tag,
        coalesce(tags.sha, releases.sha) as sha,
        case when not coalesce(releases.is_upcoming, false) then releases.released_at end as published_at,
        cast(null as boolean) as is_prerelease,
        coalesce(releases.is_upcoming, false) as is_draft,
        false as is_bare_tag,
        releases.extracted_at
    from releases
    left join tags
        on
            releases.connection = tags.connection
            and releases.repository_id = tags.repository_id
            and releases.tag_name = tags.name

),

bare_tags as (

    select
        tags.connection,
        'gitlab' as connector,
        'tag:' || tags.repository_id || ':' || tags.name as source_id,
        tags.repository_id as repository,
        tags.name,
        tags.name as tag,
        tags.sha,
        tags.tagged_at as published_at,
        false as is_prerelease,
        false as is_draft,
        true as is_bare_tag,
        tags.extracted_at
    from tags
    left join releases
        on
            tags.connection = releases.connection
            and tags.repository_id = releases.repository_id
            and tags.name = releases.tag_name
    where releases.tag_name is null

),

united as (

    select * from released
    union all
    select * from bare_tags

)

select * from united

{{ config(enabled=is_connector_enabled('github')) }}

with

releases as (

    select * from {{ ref('stg_github__releases') }}

),

tags as (

    select * from {{ ref('stg_github__tags') }}

),

released as (

    select
        releases.connection,
        'github' as connector,
        releases.release_id as source_id,
        releases.repository_id as repository,
        releases.tag_name as name,
        releases.tag_name as tag,
        coalesce(tags.sha, releases.sha) as sha,
        releases.published_at,
        releases.is_prerelease,
        releases.is_draft,
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
        'github' as connector,
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
    where releases.release_id is null

),

united as (

    select * from released
    union all
    select * from bare_tags

)

select * from united

{{ config(enabled=is_connector_enabled('git')) }}

with

tags as (

    select * from {{ ref('stg_git__tags') }}

),

final as (

    select
        connection,
        'git' as connector,
        'tag:' || repository_id || ':' || name as source_id,
        repository_id as repository,
        name,
        name as tag,
        sha,
        tagged_at as published_at,
        {{ matches('lower(name)', '[0-9][-.]?(a|b|alpha|beta|rc|pre|dev)[-.]?[0-9]*$') }} as is_prerelease,
        false as is_draft,
        false as is_bare_tag,
        extracted_at
    from tags

)

select * from final

{{ config(enabled=is_connector_enabled('github')) }}

with

source as (

    select * from {{ source('github', 'releases') }}

),

renamed as (

    select
        connection,
        id as release_id,
        repository_id,
        tag_name,
        sha,
        is_draft,
        is_prerelease,
        {{ to_utc('created_at') }} as created_at,
        {{ to_utc('published_at') }} as published_at,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed

{{ config(enabled=is_connector_enabled('gitlab')) }}

with

source as (

    select * from {{ source('gitlab', 'releases') }}

),

renamed as (

    select
        connection,
        repository_id,
        tag_name,
        sha,
        {{ to_utc('created_at') }} as created_at,
        {{ to_utc('released_at') }} as released_at,
        is_upcoming,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed

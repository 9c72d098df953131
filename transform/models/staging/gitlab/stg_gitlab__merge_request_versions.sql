{{ config(enabled=is_connector_enabled('gitlab')) }}

with

source as (

    select * from {{ source('gitlab', 'merge_request_versions') }}

),

renamed as (

    select
        connection,
        id as version_id,
        merge_request_id,
        repository_id,
        head_sha,
        {{ to_utc('created_at') }} as created_at,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed

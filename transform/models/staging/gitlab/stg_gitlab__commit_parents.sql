{{ config(enabled=is_connector_enabled('gitlab')) }}

with

source as (

    select * from {{ source('gitlab', 'commit_parents') }}

),

renamed as (

    select
        connection,
        repository_id,
        child_sha,
        parent_sha,
        position,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed

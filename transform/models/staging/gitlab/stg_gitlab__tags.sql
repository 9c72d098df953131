{{ config(enabled=is_connector_enabled('gitlab')) }}

with

source as (

    select * from {{ source('gitlab', 'tags') }}

),

renamed as (

    select
        connection,
        repository_id,
        name,
        sha,
        {{ to_utc('tagged_at') }} as tagged_at,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed

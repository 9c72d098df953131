{{ config(enabled=is_connector_enabled('jenkins')) }}

with

source as (

    select * from {{ source('jenkins', 'repositories') }}

),

renamed as (

    select
        connection,
        id as repository_id,
        name,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed

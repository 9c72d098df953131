{{ config(enabled=is_connector_enabled('gitlab')) }}

with

source as (

    select * from {{ source('gitlab', 'environments') }}

),

renamed as (

    select
        connection,
        id as environment_id,
        repository_id,
        name,
        tier,
        state,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed

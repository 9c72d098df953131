{{ config(enabled=is_connector_enabled('github')) }}

with

source as (

    select * from {{ source('github', 'deployment_statuses') }}

),

renamed as (

    select
        connection,
        id as status_id,
        deployment_id,
        repository_id,
        state,
        {{ to_utc('created_at') }} as created_at,
        creator_id,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed

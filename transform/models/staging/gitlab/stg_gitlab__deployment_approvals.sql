{{ config(enabled=is_connector_enabled('gitlab')) }}

with

source as (

    select * from {{ source('gitlab', 'deployment_approvals') }}

),

renamed as (

    select
        connection,
        deployment_id,
        repository_id,
        user_id,
        status,
        {{ to_utc('created_at') }} as created_at,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed

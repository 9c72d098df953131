{{ config(enabled=is_connector_enabled('jenkins')) }}

with

source as (

    select * from {{ source('jenkins', 'jobs') }}

),

renamed as (

    select
        connection,
        name as job_name,
        pipeline,
        branch,
        type as job_type,
        deployed_service,
        deployed_environment,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed

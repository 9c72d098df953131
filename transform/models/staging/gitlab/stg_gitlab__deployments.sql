{{ config(enabled=is_connector_enabled('gitlab')) }}

with

source as (

    select * from {{ source('gitlab', 'deployments') }}

),

renamed as (

    select
        connection,
        id as deployment_id,
        number,
        repository_id,
        environment_id,
        environment,
        sha,
        ref,
        status,
        {{ to_utc('created_at') }} as created_at,
        {{ to_utc('updated_at') }} as updated_at,
        user_id,
        job_id,
        {{ to_utc('job_started_at') }} as job_started_at,
        {{ to_utc('job_finished_at') }} as job_finished_at,
        pending_approval_count,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed

{{ config(enabled=is_connector_enabled('gitlab')) }}

with

source as (

    select * from {{ source('gitlab', 'jobs') }}

),

renamed as (

    select
        connection,
        id as job_id,
        pipeline_id,
        repository_id,
        name,
        stage,
        sha,
        ref,
        status,
        is_failure_allowed,
        {{ to_utc('created_at') }} as created_at,
        {{ to_utc('started_at') }} as started_at,
        {{ to_utc('finished_at') }} as finished_at,
        duration_seconds,
        {{ to_utc('queued_at') }} as queued_at,
        failure_reason,
        tags,
        runner_id,
        user_id,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed

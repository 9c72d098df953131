{{ config(enabled=is_connector_enabled('github')) }}

with

source as (

    select * from {{ source('github', 'workflow_jobs') }}

),

renamed as (

    select
        connection,
        id as job_id,
        run_id,
        run_attempt,
        repository_id,
        name,
        head_sha,
        head_branch,
        status,
        conclusion,
        {{ to_utc('created_at') }} as created_at,
        {{ to_utc('started_at') }} as started_at,
        {{ to_utc('completed_at') }} as completed_at,
        {{ to_utc('steps_started_at') }} as steps_started_at,
        setup_seconds,
        labels,
        nullif(runner_id, '0') as runner_id,
        runner_name,
        runner_group_name,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed

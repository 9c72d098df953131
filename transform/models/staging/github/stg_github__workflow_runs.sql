{{ config(enabled=is_connector_enabled('github')) }}

with

source as (

    select * from {{ source('github', 'workflow_runs') }}

),

renamed as (

    select
        connection,
        id as run_attempt_id,
        run_id,
        attempt,
        repository_id,
        name,
        event,
        head_branch,
        head_sha,
        {{ to_utc('created_at') }} as created_at,
        {{ to_utc('run_started_at') }} as run_started_at,
        {{ to_utc('updated_at') }} as updated_at,
        status,
        conclusion,
        actor_id,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed

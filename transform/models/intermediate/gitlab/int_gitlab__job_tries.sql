{{ config(enabled=is_connector_enabled('gitlab')) }}

with

jobs as (

    select * from {{ ref('stg_gitlab__jobs') }}

),

-- A retry is a new job of the same name; its place among them is the attempt.
final as (

    select
        connection,
        job_id,
        pipeline_id,
        repository_id,
        name,
        sha,
        ref,
        is_failure_allowed,
        tags,
        created_at,
        queued_at,
        started_at,
        finished_at,
        extracted_at,
        row_number() over (
            partition by connection, pipeline_id, name order by cast(job_id as bigint)
        ) as attempt,
        case
            when status = 'success' then 'success'
            when status = 'canceled' then 'cancelled'
            -- A manual job that nobody started has not been asked for.
            when status in ('skipped', 'manual') then 'skipped'
            when status <> 'failed' then 'running'
            when failure_reason = 'job_execution_timeout' then 'timed_out'
            when coalesce(failure_reason, 'unknown_failure') in ('script_failure', 'unknown_failure')
                then 'failure'
            else 'infrastructure_failure'
        end as conclusion
    from jobs

)

select * from final

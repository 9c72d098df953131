{{ config(enabled=is_connector_enabled('gitlab')) }}

with

pipelines as (

    select * from {{ ref('int_gitlab__pipelines') }}

),

run_attempts as (

    select * from {{ ref('int_gitlab__run_attempts') }}

),

-- A pipeline keeps one set of times: its first attempt has the creation, its last one the end and the status.
attempted as (

    select
        pipelines.*,
        coalesce(run_attempts.attempt, 1) as attempt,
        coalesce(run_attempts.is_last, true) as is_last,
        run_attempts.created_at as attempt_created_at,
        run_attempts.started_at as attempt_started_at,
        run_attempts.finished_at as attempt_finished_at,
        run_attempts.conclusion as attempt_conclusion
    from pipelines
    left join run_attempts
        on
            pipelines.connection = run_attempts.connection
            and pipelines.pipeline_id = run_attempts.pipeline_id

),

concluded as (

    select
        *,
        case
            when not is_last then attempt_conclusion
            when status = 'success' then 'success'
            when status = 'canceled' then 'cancelled'
            when status = 'skipped' then 'skipped'
            when status <> 'failed' then 'running'
            when attempt_conclusion in ('timed_out', 'infrastructure_failure') then attempt_conclusion
            else 'failure'
        end as conclusion
    from attempted

),

final as (

    select
        connection,
        'gitlab' as connector,
        pipeline_id || ':' || cast(attempt as string) as source_id,
        repository_id as repository,
        sha,
        branch,
        source as trigger,
        name,
        pipeline_id as run,
        attempt,
        case when attempt = 1 then created_at else attempt_created_at end as queued_at,
        case
            when attempt = 1 then coalesce(started_at, attempt_started_at)
            else attempt_started_at
        end as started_at,
        case
            when conclusion = 'running' then null
            when is_last then coalesce(finished_at, attempt_finished_at)
            else attempt_finished_at
        end as finished_at,
        case when attempt = 1 and is_last then duration_seconds end as busy_seconds,
        conclusion,
        extracted_at
    from concluded

)

select * from final

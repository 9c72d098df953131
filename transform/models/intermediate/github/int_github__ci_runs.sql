{{ config(enabled=is_connector_enabled('github')) }}

with

workflow_runs as (

    select * from {{ ref('stg_github__workflow_runs') }}

),

conclusions as (

    select * from {{ ref('int_github__conclusions') }}

),

-- created_at is that of the first attempt for all attempts; run_started_at is the attempt's own.
final as (

    select
        workflow_runs.connection,
        'github' as connector,
        workflow_runs.run_attempt_id as source_id,
        workflow_runs.repository_id as repository,
        workflow_runs.head_sha as sha,
        workflow_runs.head_branch as branch,
        workflow_runs.event as trigger,
        workflow_runs.name,
        workflow_runs.run_id as run,
        workflow_runs.attempt,
        case
            when workflow_runs.attempt = 1 then workflow_runs.created_at
            else workflow_runs.run_started_at
        end as queued_at,
        case
            when workflow_runs.status in ('in_progress', 'completed') then workflow_runs.run_started_at
        end as started_at,
        case when workflow_runs.status = 'completed' then workflow_runs.updated_at end as finished_at,
        cast(null as bigint) as busy_seconds,
        case
            when workflow_runs.status = 'completed' then conclusions.conclusion
            else 'running'
        end as conclusion,
        workflow_runs.extracted_at
    from workflow_runs
    left join conclusions on workflow_runs.conclusion = conclusions.github_conclusion

)

select * from final

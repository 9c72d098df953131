{{ config(enabled=is_connector_enabled('gitlab')) }}

with

job_tries as (

    select * from {{ ref('int_gitlab__job_tries') }}

),

attempts as (

    select
        connection,
        pipeline_id,
        attempt,
        min(created_at) as created_at,
        min(started_at) as started_at,
        max(finished_at) as finished_at,
        max(attempt) over (partition by connection, pipeline_id) as last_attempt
    from job_tries
    group by connection, pipeline_id, attempt

),

-- What an attempt came to is the latest try of each job until then, of those that may not fail.
standing as (

    select
        attempts.connection,
        attempts.pipeline_id,
        attempts.attempt,
        job_tries.name,
        max_by(job_tries.conclusion, job_tries.attempt) as conclusion
    from attempts
    inner join job_tries
        on
            attempts.connection = job_tries.connection
            and attempts.pipeline_id = job_tries.pipeline_id
            and attempts.attempt >= job_tries.attempt
    where not coalesce(job_tries.is_failure_allowed, false)
    group by attempts.connection, attempts.pipeline_id, attempts.attempt, job_tries.name

),

outcomes as (

    select
        connection,
        pipeline_id,
        attempt,
        case
            when bool_or(conclusion = 'running') then 'running'
            when bool_or(conclusion = 'failure') then 'failure'
            when bool_or(conclusion = 'timed_out') then 'timed_out'
            when bool_or(conclusion = 'infrastructure_failure') then 'infrastructure_failure'
            when bool_or(conclusion = 'cancelled') then 'cancelled'
            else 'success'
        end as conclusion
    from standing
    group by connection, pipeline_id, attempt

),

final as (

    select
        attempts.connection,
        attempts.pipeline_id,
        attempts.attempt,
        attempts.attempt = attempts.last_attempt as is_last,
        attempts.created_at,
        attempts.started_at,
        attempts.finished_at,
        coalesce(outcomes.conclusion, 'success') as conclusion
    from attempts
    left join outcomes
        on
            attempts.connection = outcomes.connection
            and attempts.pipeline_id = outcomes.pipeline_id
            and attempts.attempt = outcomes.attempt

)

select * from final

{{ config(enabled=is_connector_enabled('gitlab')) }}

with

job_tries as (

    select * from {{ ref('int_gitlab__job_tries') }}

),

pipelines as (

    select * from {{ ref('int_gitlab__pipelines') }}

),

repositories as (

    select * from {{ ref('stg_gitlab__repositories') }}

),

final as (

    select
        job_tries.connection,
        'gitlab' as connector,
        job_tries.job_id as source_id,
        job_tries.repository_id as repository,
        coalesce(pipelines.sha, job_tries.sha) as sha,
        coalesce(pipelines.branch, job_tries.ref) as branch,
        job_tries.name,
        cast(null as string) as job_type,
        nullif(job_tries.tags, '') as runner_pool,
        case
            when repositories.is_pipeline_required then not job_tries.is_failure_allowed
            else repositories.is_pipeline_required
        end as is_required,
        job_tries.pipeline_id || ':' || cast(job_tries.attempt as string) as run,
        job_tries.attempt,
        coalesce(job_tries.queued_at, job_tries.created_at) as queued_at,
        job_tries.started_at,
        cast(null as timestamp) as steps_started_at,
        case when job_tries.conclusion <> 'running' then job_tries.finished_at end as finished_at,
        cast(null as bigint) as setup_seconds,
        job_tries.conclusion,
        job_tries.extracted_at
    from job_tries
    inner join repositories
        on
            job_tries.connection = repositories.connection
            and job_tries.repository_id = repositories.repository_id
    left join pipelines
        on
            job_tries.connection = pipelines.connection
            and job_tries.pipeline_id = pipelines.pipeline_id

)

select * from final

{{ config(enabled=is_connector_enabled('jenkins')) }}

with

builds as (

    select * from {{ ref('stg_jenkins__builds') }}

),

jobs as (

    select * from {{ ref('stg_jenkins__jobs') }}

),

conclusions as (

    select * from {{ ref('int_jenkins__conclusions') }}

),

-- Jenkins stamps a build when an executor takes it, so its time in the queue lies before the stamp; a build
-- without a checkout of its own works on the commit of the build that started it
final as (

    select
        builds.connection,
        builds.job_name,
        builds.build_number,
        builds.job_name || '#' || cast(builds.build_number as string) as run,
        jobs.pipeline,
        jobs.deployed_service,
        jobs.deployed_environment,
        builds.trigger,
        case when builds.sha is null then upstream.repository_id else builds.repository_id end as repository,
        coalesce(builds.sha, upstream.sha) as sha,
        case when builds.sha is null then upstream.branch else builds.branch end as branch,
        {{ add_seconds('builds.started_at', '-' ~ integer_division('builds.queuing_milliseconds', '1000')) }}
            as queued_at,
        builds.started_at,
        builds.finished_at,
        case
            when builds.is_building then 'running'
            when builds.is_timed_out and conclusions.conclusion = 'cancelled' then 'timed_out'
            else conclusions.conclusion
        end as conclusion,
        builds.test_count,
        builds.failed_test_count,
        builds.skipped_test_count,
        builds.extracted_at
    from builds
    inner join jobs
        on
            builds.connection = jobs.connection
            and builds.job_name = jobs.job_name
    left join builds as upstream
        on
            builds.connection = upstream.connection
            and builds.upstream_job_name = upstream.job_name
            and builds.upstream_build_number = upstream.build_number
    left join conclusions
        on builds.result = conclusions.jenkins_status

)

select * from final

{{ config(enabled=is_connector_enabled('jenkins')) }}

with

stages as (

    select * from {{ ref('stg_jenkins__stages') }}

),

builds as (

    select * from {{ ref('int_jenkins__builds') }}

),

conclusions as (

    select * from {{ ref('int_jenkins__conclusions') }}

),

final as (

    select
        stages.connection,
        'jenkins' as connector,
        builds.run || ':' || stages.stage_id as source_id,
        builds.repository,
        builds.sha,
        builds.branch,
        stages.name,
        cast(null as string) as job_type,
        cast(null as string) as runner_pool,
        cast(null as boolean) as is_required,
        builds.run || ':1' as run,
        cast(1 as bigint) as attempt,
        cast(null as timestamp) as queued_at,
        stages.started_at,
        cast(null as timestamp) as steps_started_at,
        stages.finished_at,
        cast(null as bigint) as setup_seconds,
        coalesce(conclusions.conclusion, builds.conclusion) as conclusion,
        stages.extracted_at
    from stages
    inner join builds
        on
            stages.connection = builds.connection
            and stages.job_name = builds.job_name
            and stages.build_number = builds.build_number
    left join conclusions
        on stages.status = conclusions.jenkins_status

)

select * from final

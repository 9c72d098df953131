{{ config(enabled=is_connector_enabled('github')) }}

with

deployments as (

    select * from {{ ref('stg_github__deployments') }}

),

statuses as (

    select * from {{ ref('int_github__deployment_statuses') }}

),

summarised as (

    select
        connection,
        deployment_id,
        min(created_at) filter (where type = 'started') as started_at,
        min_by(status, position) filter (where is_final) as final_status,
        min(created_at) filter (where is_final) as finished_at,
        max_by(status, position) as latest_status,
        min(created_at) filter (where type = 'superseded') as superseded_at
    from statuses
    group by connection, deployment_id

),

final as (

    select
        deployments.connection,
        'github' as connector,
        deployments.deployment_id as source_id,
        deployments.repository_id as repository,
        cast(null as string) as service_hint,
        deployments.environment,
        deployments.is_production,
        deployments.sha,
        deployments.created_at,
        summarised.started_at,
        coalesce(summarised.finished_at, summarised.superseded_at) as finished_at,
        coalesce(
            summarised.final_status,
            case when summarised.superseded_at is not null then 'cancelled' end,
            summarised.latest_status,
            'queued'
        ) as status,
        deployments.extracted_at
    from deployments
    left join summarised
        on
            deployments.connection = summarised.connection
            and deployments.deployment_id = summarised.deployment_id

)

select * from final

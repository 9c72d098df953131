{{ config(enabled=is_connector_enabled('gitlab')) }}

with

outcomes as (

    select * from {{ ref('int_gitlab__deployment_outcomes') }}

),

environments as (

    select * from {{ ref('stg_gitlab__environments') }}

),

final as (

    select
        outcomes.connection,
        'gitlab' as connector,
        outcomes.deployment_id as source_id,
        outcomes.repository_id as repository,
        cast(null as string) as service_hint,
        coalesce(environments.name, outcomes.environment) as environment,
        environments.tier = 'production' as is_production,
        outcomes.sha,
        outcomes.created_at,
        outcomes.started_at,
        outcomes.finished_at,
        outcomes.outcome as status,
        outcomes.extracted_at
    from outcomes
    left join environments
        on
            outcomes.connection = environments.connection
            and outcomes.environment_id = environments.environment_id

)

select * from final

{{ config(materialized='table') }}

with

deployments as (

    select * from {{ ref('deployments') }}

),

horizons as (

    select * from {{ ref('int_flow__horizons') }}

),

matches as (

    select * from {{ ref('stg_flowgauge__repository_matches') }}

),

sequence as (

    select * from {{ ref('stg_flowgauge__deployment_sequence') }}

),

production_environments as (

    select * from {{ ref('production_environments') }}

),

known as (

    select
        {{ surrogate_key('deployment', 'deployments.connection', 'deployments.source_id') }}
            as deployment_key,
        coalesce(matches.hosting_connection, deployments.connection) as connection,
        deployments.connection as source_connection,
        deployments.source_id as deployment,
        coalesce(matches.hosting_repository, deployments.repository) as repository,
        deployments.service_hint,
        deployments.environment,
        coalesce(deployments.is_production, false)
        or production_environments.environment is not null as is_called_production,
        deployments.sha,
        deployments.created_at,
        case
            when deployments.started_at <= horizons.events_until_at then deployments.started_at
        end as started_at,
        case
            when deployments.finished_at <= horizons.events_until_at then deployments.finished_at
        end as finished_at,
        case
            when deployments.finished_at is null or deployments.finished_at <= horizons.events_until_at
                then deployments.status
            when deployments.started_at <= horizons.events_until_at then 'in_progress'
            else 'queued'
        end as status,
        sequence.previous_deployment,
        sequence.commit_sha,
        coalesce(sequence.is_first_success, false) as is_first_success,
        sequence.is_rollback,
        coalesce(sequence.is_redeploy, false) as is_redeploy
    from deployments
    inner join horizons
        on deployments.connection = horizons.connection
    left join sequence
        on
            deployments.connection = sequence.source_connection
            and deployments.source_id = sequence.deployment
    left join matches
        on
            deployments.connection = matches.connection
            and deployments.repository = matches.repository
    left join production_environments
        on lower(deployments.environment) = production_environments.environment
    where deployments.created_at <= horizons.events_until_at

)

select
    *,
    status = 'success' and finished_at is not null as is_success
from known

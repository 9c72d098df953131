with

deployments as (

    select * from {{ ref('int_delivery__deployments') }}

),

deployment_services as (

    select * from {{ ref('int_delivery__deployment_services') }}

),

approvals as (

    select * from {{ ref('int_delivery__approvals') }}

),

services as (

    select
        deployment_key,
        case when count(*) = 1 then min(service_key) end as service_key,
        bool_or(is_production) as is_production
    from deployment_services
    group by deployment_key

),

described as (

    select
        deployments.*,
        services.service_key,
        coalesce(services.is_production, deployments.is_called_production) as is_production,
        approvals.approval_wait_seconds,
        case
            when approvals.deployment_key is null then 'not_applicable'
            when approvals.approval_wait_seconds is not null then null
            when approvals.is_impossible then 'impossible'
            when deployments.finished_at is null then 'not_yet'
            else 'not_observed'
        end as approval_wait_seconds_null_reason,
        case when approvals.deployment_key is null then 'not_applicable' else 'not_observed' end
            as wait_timer_seconds_null_reason,
        case when deployments.status = 'cancelled' then 'not_applicable' else 'not_observed' end
            as no_start_reason
    from deployments
    left join services
        on deployments.deployment_key = services.deployment_key
    left join approvals
        on deployments.deployment_key = approvals.deployment_key

)

select
    deployment_key,
    source_connection as connection,
    deployment as source_id,
    {{ known_key(surrogate_key('repository', 'connection', 'repository')) }} as repository_key,
    {{ known_key('service_key') }} as service_key,
    {{ known_key(surrogate_key('environment', 'environment')) }} as environment_key,
    sha,
    created_at,
    started_at,
    finished_at,
    status,
    is_production,
    is_first_success as is_first_seen,
    is_rollback,
    is_redeploy,
    status = 'failure' as is_failed,
    approval_wait_seconds,
    approval_wait_seconds_null_reason,
    cast(null as bigint) as wait_timer_seconds,
    wait_timer_seconds_null_reason,
    {{ possible_seconds('started_at', 'finished_at') }} as execution_seconds,
    {{ seconds_null_reason('started_at', 'finished_at', no_end="'not_yet'", no_start='no_start_reason') }}
        as execution_seconds_null_reason
from described

with

deployments as (

    select * from {{ ref('int_delivery__target_deployments') }}

),

all_deployments as (

    select * from {{ ref('int_delivery__deployments') }}

),

rollbacks as (

    select
        deployments.service_key,
        deployments.deployment_key,
        deployments.sha,
        deployments.created_at,
        deployments.finished_at
    from deployments
    inner join all_deployments
        on
            deployments.deployment_key = all_deployments.deployment_key
            and all_deployments.is_rollback
            and all_deployments.is_success

),

restored as (

    select
        rollbacks.service_key,
        rollbacks.deployment_key,
        max(earlier.finished_at) as finished_at
    from rollbacks
    inner join deployments as earlier
        on
            rollbacks.service_key = earlier.service_key
            and rollbacks.sha = earlier.sha
            and rollbacks.finished_at > earlier.finished_at
            and earlier.is_success
    group by rollbacks.service_key, rollbacks.deployment_key

)

-- a rollback goes back to the last good version: of all that it removes, what replaced that one was bad
select
    rollbacks.service_key,
    rollbacks.created_at as rolled_back_at,
    later.deployment_key,
    later.finished_at
from rollbacks
left join restored
    on
        rollbacks.service_key = restored.service_key
        and rollbacks.deployment_key = restored.deployment_key
inner join deployments as later
    on
        rollbacks.service_key = later.service_key
        and rollbacks.finished_at > later.finished_at
        and later.is_success
        and coalesce(restored.finished_at < later.finished_at, true)
qualify row_number() over (
    partition by rollbacks.service_key, rollbacks.deployment_key
    order by
        case when restored.finished_at is not null then later.finished_at end asc,
        later.finished_at desc,
        later.deployment_key asc
) = 1

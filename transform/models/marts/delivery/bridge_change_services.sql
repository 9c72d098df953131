with

service_deliveries as (

    select * from {{ ref('int_delivery__service_deliveries') }}

),

changes as (

    select * from {{ ref('int_flow__changes') }}

),

dated as (

    select
        service_deliveries.*,
        changes.first_commit_authored_at,
        case service_deliveries.delivery_state
            when 'deployed' then null
            when 'waiting' then 'not_yet'
            when 'not_linked' then 'not_linked'
            else 'not_applicable'
        end as not_deployed_reason
    from service_deliveries
    inner join changes
        on service_deliveries.change_key = changes.change_key

)

select
    change_key,
    service_key,
    is_main,
    delivery_state,
    deployment_key,
    deployed_at,
    not_deployed_reason as deployed_at_null_reason,
    {{ possible_seconds('first_commit_authored_at', 'deployed_at') }} as change_lead_seconds,
    {{ seconds_null_reason('first_commit_authored_at', 'deployed_at', no_end='not_deployed_reason') }}
        as change_lead_seconds_null_reason,
    is_deployed_before_merge,
    method,
    confidence
from dated

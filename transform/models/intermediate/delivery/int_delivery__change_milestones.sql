{{ config(materialized='table') }}

with

changes as (

    select * from {{ ref('int_flow__changes') }}

),

service_deliveries as (

    select * from {{ ref('int_delivery__service_deliveries') }}

),

-- whichever service the change reaches first; what does not apply says nothing where something else does
ranked as (

    select
        *,
        row_number() over (
            partition by change_key
            order by
                case
                    when delivery_state = 'not_applicable' then 2
                    when decided_at is null then 1
                    else 0
                end asc,
                decided_at asc,
                case when delivery_state = 'deployed' then 0 else 1 end asc,
                case when is_main then 0 else 1 end asc,
                service_key asc
        ) as preference
    from service_deliveries

),

main_services as (

    select
        change_key,
        service_key
    from service_deliveries
    where is_main

),

milestones as (

    select
        changes.change_key,
        coalesce(ranked.delivery_state, 'not_applicable') as delivery_state,
        ranked.deployment_key,
        case
            when ranked.delivery_state = 'deployed' then ranked.service_key
            else coalesce(main_services.service_key, ranked.service_key)
        end as service_key,
        ranked.deploy_created_at,
        ranked.deploy_started_at,
        ranked.deployed_at,
        ranked.method as deployment_match_method,
        ranked.confidence as deployment_match_confidence,
        coalesce(ranked.is_deployed_before_merge, false) as is_deployed_before_merge,
        case
            when ranked.delivery_state = 'waiting' then null
            when ranked.delivery_state in ('deployed', 'superseded')
                then greatest(changes.merged_at, ranked.decided_at)
            else changes.merged_at
        end as flow_ended_at
    from changes
    left join ranked
        on
            changes.change_key = ranked.change_key
            and ranked.preference = 1
    left join main_services
        on changes.change_key = main_services.change_key
    where changes.merged_at is not null

)

select * from milestones

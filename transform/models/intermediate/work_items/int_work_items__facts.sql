{{ config(materialized='table') }}

with

items as (

    select * from {{ ref('int_work_items__items') }}

),

milestones as (

    select * from {{ ref('int_work_items__milestones') }}

),

deliveries as (

    select * from {{ ref('int_work_items__deliveries') }}

),

windows as (

    select * from {{ ref('int_work_items__windows') }}

)

select
    items.work_item_key,
    items.parent_work_item_key,
    items.connection,
    items.work_item,
    items.type,
    items.reporter_person_key,
    items.created_at,
    milestones.state,
    milestones.ready_at,
    milestones.started_at,
    milestones.ended_at,
    milestones.closed_seconds,
    milestones.evidence,
    coalesce(deliveries.change_count, 0) as change_count,
    deliveries.first_change_at,
    deliveries.last_deployed_at,
    deliveries.exposed_at,
    deliveries.adopted_at,
    case when deliveries.work_item_key is null then 'not_linked' else deliveries.deploy_null_reason end
        as deploy_null_reason,
    case when deliveries.work_item_key is null then 'not_linked' else deliveries.exposure_null_reason end
        as exposure_null_reason,
    case when deliveries.work_item_key is null then 'not_linked' else deliveries.adoption_null_reason end
        as adoption_null_reason,
    case milestones.state when 'open' then 'not_yet' else 'not_applicable' end as status_null_reason,
    windows.first_due_at,
    windows.due_at,
    windows.due_push_count
from items
inner join milestones
    on items.work_item_key = milestones.work_item_key
left join deliveries
    on items.work_item_key = deliveries.work_item_key
left join windows
    on items.work_item_key = windows.work_item_key

with

feature_changes as (

    select * from {{ ref('int_features__changes') }}

),

changes as (

    select * from {{ ref('int_flow__changes') }}

),

change_deliveries as (

    select * from {{ ref('int_delivery__change_milestones') }}

),

change_exposures as (

    select * from {{ ref('int_features__change_exposures') }}

)

select
    feature_changes.feature_key,
    count(*) as change_count,
    min(changes.merged_at) as merged_at,
    min(change_exposures.live_at) as deployed_at,
    case
        when min(change_exposures.live_at) is not null then null
        when bool_or(coalesce(change_deliveries.delivery_state, '') = 'not_linked') then 'not_linked'
        when bool_or(coalesce(change_deliveries.delivery_state, '') = 'waiting') then 'not_yet'
        when min(changes.merged_at) is null then 'not_yet'
        else 'not_applicable'
    end as deployed_at_null_reason,
    min(change_exposures.exposed_at) as exposed_at
from feature_changes
inner join changes
    on feature_changes.change_key = changes.change_key
left join change_deliveries
    on feature_changes.change_key = change_deliveries.change_key
left join change_exposures
    on
        feature_changes.feature_key = change_exposures.feature_key
        and feature_changes.change_key = change_exposures.change_key
group by feature_changes.feature_key

{{ config(materialized='table') }}

with

features as (

    select * from {{ ref('int_features__features') }}

),

feature_changes as (

    select * from {{ ref('int_features__changes') }}

),

changes as (

    select * from {{ ref('int_flow__changes') }}

),

change_exposures as (

    select * from {{ ref('int_features__change_exposures') }}

),

rollouts as (

    select * from {{ ref('int_features__rollouts') }}

),

adoptions as (

    select * from {{ ref('int_features__adoptions') }}

),

merged_changes as (

    select
        feature_changes.feature_key,
        count(*) as change_count,
        min(changes.merged_at) as merged_at
    from feature_changes
    inner join changes
        on feature_changes.change_key = changes.change_key
    group by feature_changes.feature_key

),

deliveries as (

    select
        feature_key,
        min(live_at) as deployed_at,
        min(exposed_at) as exposed_at
    from change_exposures
    group by feature_key

),

first_rollouts as (

    select
        feature_key,
        min(occurred_at) as exposed_at
    from rollouts
    where exposure = 'on'
    group by feature_key

),

eligible as (

    select
        feature_key,
        adopted_at,
        count(*) over (partition by feature_key) as eligible_count,
        row_number() over (partition by feature_key order by adopted_at asc nulls last) as adopter_number
    from adoptions
    where is_eligible

),

-- adopted by a tenth of those who have it
adopters as (

    select
        feature_key,
        max(eligible_count) as eligible_count,
        count(adopted_at) as adopter_count,
        min(case when adopter_number * 10 >= eligible_count then adopted_at end) as adopted_at
    from eligible
    group by feature_key

)

select
    features.feature_key,
    coalesce(merged_changes.change_count, 0) as change_count,
    merged_changes.merged_at,
    deliveries.deployed_at,
    case
        when merged_changes.feature_key is null then first_rollouts.exposed_at
        else deliveries.exposed_at
    end as exposed_at,
    case
        when features.key_event is null then null
        when merged_changes.feature_key is not null and deliveries.exposed_at is null then null
        else adopters.adopted_at
    end as adopted_at,
    coalesce(adopters.eligible_count, 0) as eligible_count,
    coalesce(adopters.adopter_count, 0) as adopter_count
from features
left join merged_changes
    on features.feature_key = merged_changes.feature_key
left join deliveries
    on features.feature_key = deliveries.feature_key
left join first_rollouts
    on features.feature_key = first_rollouts.feature_key
left join adopters
    on features.feature_key = adopters.feature_key

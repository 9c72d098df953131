{{ config(materialized='table') }}

with

change_exposures as (

    select * from {{ ref('int_features__change_exposures') }}

),

milestones as (

    select * from {{ ref('int_features__milestones') }}

),

rollouts as (

    select * from {{ ref('int_features__rollouts') }}

),

features as (

    select * from {{ ref('int_features__features') }}

),

flags as (

    select * from {{ ref('feature_flags') }}

),

-- a share of whom nobody knows, and flags of which no source tells
unobserved as (

    select feature_key
    from rollouts
    where exposure is null
    union distinct
    select features.feature_key
    from features
    left join flags
        on features.flag = flags.key
    left join rollouts
        on features.feature_key = rollouts.feature_key
    where
        features.flag is not null
        and flags.key is null
        and rollouts.feature_key is null

)

select
    change_exposures.change_key,
    change_exposures.feature_key,
    change_exposures.has_flag,
    change_exposures.has_key_event,
    change_exposures.live_at,
    change_exposures.exposed_at,
    case
        when change_exposures.has_key_event and change_exposures.exposed_at is not null
            then {{ later_of('milestones.adopted_at', 'change_exposures.exposed_at') }}
    end as adopted_at,
    case
        when change_exposures.exposed_at is not null then null
        when unobserved.feature_key is not null then 'not_observed'
        else 'not_yet'
    end as exposed_at_null_reason
from change_exposures
inner join milestones
    on change_exposures.feature_key = milestones.feature_key
left join unobserved
    on change_exposures.feature_key = unobserved.feature_key
where change_exposures.is_main

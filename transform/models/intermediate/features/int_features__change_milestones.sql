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

shares as (

    select distinct feature_key
    from rollouts
    where exposure is null

)

select
    change_exposures.change_key,
    change_exposures.feature_key,
    change_exposures.has_flag,
    change_exposures.is_flag_observed,
    change_exposures.has_key_event,
    change_exposures.live_at,
    change_exposures.exposed_at,
    case
        when change_exposures.has_key_event and change_exposures.exposed_at is not null
            then {{ later_of('milestones.adopted_at', 'change_exposures.exposed_at') }}
    end as adopted_at,
    case
        when change_exposures.exposed_at is not null then null
        when change_exposures.has_flag and not change_exposures.is_flag_observed then 'not_observed'
        when shares.feature_key is not null then 'not_observed'
        else 'not_yet'
    end as exposed_at_null_reason
from change_exposures
inner join milestones
    on change_exposures.feature_key = milestones.feature_key
left join shares
    on change_exposures.feature_key = shares.feature_key
where change_exposures.is_main

{{ config(materialized='table') }}

with

features as (

    select * from {{ ref('int_features__features') }}

),

deliveries as (

    select * from {{ ref('int_features__deliveries') }}

),

rollouts as (

    select * from {{ ref('int_features__rollouts') }}

),

adopters as (

    select * from {{ ref('int_features__adopters') }}

),

flags as (

    select
        feature_key,
        min(case when exposure = 'on' then occurred_at end) as on_at,
        bool_or(exposure is null) as has_share
    from rollouts
    group by feature_key

),

-- where no deployment can be linked, the flag alone tells since when customers have what is merged
dated as (

    select
        features.feature_key,
        features.flag,
        features.key_event,
        features.flag is not null and not features.is_flag_observed as is_flag_untold,
        coalesce(flags.has_share, false) as has_share,
        coalesce(deliveries.change_count, 0) as change_count,
        deliveries.merged_at,
        deliveries.deployed_at,
        case when deliveries.feature_key is null then 'not_linked' else deliveries.deployed_at_null_reason end
            as deployed_at_null_reason,
        case
            when deliveries.feature_key is null then flags.on_at
            when deliveries.deployed_at_null_reason in ('not_linked', 'not_applicable')
                then {{ later_of('flags.on_at', 'deliveries.merged_at') }}
            else deliveries.exposed_at
        end as exposed_at
    from features
    left join deliveries
        on features.feature_key = deliveries.feature_key
    left join flags
        on features.feature_key = flags.feature_key

)

select
    dated.feature_key,
    dated.change_count,
    dated.merged_at,
    dated.deployed_at,
    dated.deployed_at_null_reason,
    dated.exposed_at,
    case
        when dated.exposed_at is not null then null
        when dated.is_flag_untold or dated.has_share then 'not_observed'
        when dated.flag is not null then 'not_yet'
        else dated.deployed_at_null_reason
    end as exposed_at_null_reason,
    case
        when dated.key_event is not null and dated.exposed_at is not null then adopters.adopted_at
    end as adopted_at,
    coalesce(adopters.eligible_count, 0) as eligible_count,
    coalesce(adopters.adopter_count, 0) as adopter_count
from dated
left join adopters
    on dated.feature_key = adopters.feature_key

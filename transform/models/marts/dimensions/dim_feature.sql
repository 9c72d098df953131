with

features as (

    select * from {{ ref('int_features__features') }}

),

milestones as (

    select * from {{ ref('int_features__milestones') }}

)

select
    features.feature_key,
    features.feature as name,
    features.flag,
    features.key_event,
    features.times,
    features.within_days,
    features.is_declared,
    milestones.change_count,
    milestones.merged_at,
    milestones.deployed_at,
    milestones.deployed_at_null_reason,
    milestones.exposed_at,
    milestones.exposed_at_null_reason,
    milestones.adopted_at,
    milestones.eligible_count,
    milestones.adopter_count,
    case
        when milestones.exposed_at is not null then 'exposed'
        when milestones.deployed_at is not null then 'deployed'
        when milestones.merged_at is not null then 'merged'
        else 'planned'
    end as state
from features
inner join milestones
    on features.feature_key = milestones.feature_key
union all
select
    {{ unknown_key() }} as feature_key,
    'unknown' as name,
    cast(null as string) as flag,
    cast(null as string) as key_event,
    cast(null as bigint) as times,
    cast(null as bigint) as within_days,
    false as is_declared,
    0 as change_count,
    cast(null as timestamp) as merged_at,
    cast(null as timestamp) as deployed_at,
    'not_applicable' as deployed_at_null_reason,
    cast(null as timestamp) as exposed_at,
    'not_applicable' as exposed_at_null_reason,
    cast(null as timestamp) as adopted_at,
    0 as eligible_count,
    0 as adopter_count,
    'unknown' as state

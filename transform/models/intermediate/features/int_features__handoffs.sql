with

milestones as (

    select * from {{ ref('int_features__milestones') }}

),

features as (

    select * from {{ ref('int_features__features') }}

)

select
    'feature' as flow_item_type,
    milestones.feature_key as flow_item_key,
    'flag_change' as mechanism,
    'product' as from_role,
    'customer' as to_role,
    cast(null as string) as from_person_key,
    cast(null as string) as to_person_key,
    cast(null as string) as team_key,
    milestones.exposed_at as requested_at,
    {{ later_of('milestones.adopted_at', 'milestones.exposed_at') }} as accepted_at,
    {{ later_of('milestones.adopted_at', 'milestones.exposed_at') }} as settled_at,
    case when milestones.adopted_at is null then 'pending' else 'accepted' end as outcome
from milestones
inner join features
    on milestones.feature_key = features.feature_key
where
    milestones.exposed_at is not null
    and features.flag is not null
    and features.key_event is not null

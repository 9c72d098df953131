with

milestones as (

    select * from {{ ref('int_features__milestones') }}

),

features as (

    select * from {{ ref('int_features__features') }}

),

steps as (

    select
        milestones.feature_key,
        milestones.deployed_at as occurred_at,
        1 as sequence,
        'exposure_wait' as state
    from milestones
    where milestones.deployed_at is not null
    union all
    select
        milestones.feature_key,
        greatest(milestones.deployed_at, milestones.exposed_at) as occurred_at,
        2 as sequence,
        case when features.key_event is not null then 'adoption' else 'finished' end as state
    from milestones
    inner join features
        on milestones.feature_key = features.feature_key
    where milestones.exposed_at is not null
    union all
    select
        feature_key,
        greatest(deployed_at, exposed_at, adopted_at) as occurred_at,
        3 as sequence,
        'finished' as state
    from milestones
    where adopted_at is not null and exposed_at is not null

)

select
    feature_key,
    occurred_at,
    state
from steps
qualify row_number() over (partition by feature_key, occurred_at order by sequence desc) = 1

with

milestones as (

    select * from {{ ref('int_delivery__change_milestones') }}

),

feature_milestones as (

    select * from {{ ref('int_features__change_milestones') }}

),

exposures as (

    select
        milestones.change_key,
        milestones.deployed_at,
        feature_milestones.adopted_at,
        coalesce(feature_milestones.has_flag and feature_milestones.has_key_event, false) as is_for_customers,
        case
            when feature_milestones.change_key is null then milestones.deployed_at
            else feature_milestones.exposed_at
        end as exposed_at
    from milestones
    left join feature_milestones
        on milestones.change_key = feature_milestones.change_key
    where
        milestones.delivery_state = 'deployed'
        and not milestones.is_deployed_before_merge
        and not coalesce(feature_milestones.has_flag and not feature_milestones.is_flag_observed, false)

),

exposure_handoffs as (

    select
        change_key,
        'deployment' as mechanism,
        'ops' as from_role,
        'product' as to_role,
        deployed_at as requested_at,
        exposed_at as settled_at
    from exposures
    union all
    select
        change_key,
        'flag_change' as mechanism,
        'product' as from_role,
        'customer' as to_role,
        exposed_at as requested_at,
        adopted_at as settled_at
    from exposures
    where is_for_customers and exposed_at is not null

)

select
    change_key,
    mechanism,
    from_role,
    to_role,
    cast(1 as bigint) as round_number,
    cast(null as string) as from_person_key,
    cast(null as string) as to_person_key,
    cast(null as string) as asked_team_key,
    requested_at,
    settled_at as accepted_at,
    case when settled_at is null then 'pending' else 'accepted' end as outcome,
    settled_at
from exposure_handoffs

with

features as (

    select * from {{ ref('int_features__features') }}

),

exposures as (

    select * from {{ ref('feature_exposures') }}

),

customers as (

    select * from {{ ref('customer_accounts') }}

),

horizons as (

    select * from {{ ref('int_flow__horizons') }}

),

rollouts as (

    select * from {{ ref('int_features__rollouts') }}

),

change_exposures as (

    select * from {{ ref('int_features__change_exposures') }}

),

known_customers as (

    select
        source_id as customer_account,
        min(created_at) as created_at
    from customers
    group by source_id

),

-- whatever everybody got
everybody as (

    select
        feature_key,
        min(occurred_at) as occurred_at,
        3 as method_rank
    from rollouts
    where is_full and source = 'flag'
    group by feature_key
    union all
    select
        feature_key,
        min(deployed_at) as occurred_at,
        4 as method_rank
    from change_exposures
    where not has_flag
    group by feature_key

),

shown as (

    select
        features.feature_key,
        exposures.customer_account,
        exposures.exposed_at,
        case exposures.method
            when 'flag_evaluation' then 1
            when 'targeted_list' then 2
            else 3
        end as method_rank
    from exposures
    inner join horizons
        on
            exposures.connection = horizons.connection
            and exposures.exposed_at <= horizons.events_until_at
    inner join features
        on exposures.feature in (features.feature, features.flag)
    union all
    select
        everybody.feature_key,
        known_customers.customer_account,
        greatest(
            everybody.occurred_at, coalesce(known_customers.created_at, everybody.occurred_at)
        ) as exposed_at,
        everybody.method_rank
    from everybody
    cross join known_customers

)

select
    feature_key,
    customer_account,
    exposed_at,
    case method_rank
        when 1 then 'flag_evaluation'
        when 2 then 'targeted_list'
        when 3 then 'full_rollout'
        else 'deployment'
    end as method
from shown
qualify row_number() over (
    partition by feature_key, customer_account order by method_rank, exposed_at
) = 1

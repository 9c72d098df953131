with

adoptions as (

    select * from {{ ref('int_features__adoptions') }}

)

select
    feature_key,
    {{ surrogate_key('customer_account', 'customer_account') }} as customer_account_key,
    exposed_at,
    method as exposure_method,
    first_used_at,
    adopted_at,
    case
        when adopted_at is not null then null
        when has_key_event then 'not_yet'
        else 'not_applicable'
    end as adopted_at_null_reason,
    {{ possible_seconds('exposed_at', 'first_used_at') }} as adoption_lag_seconds,
    {{ seconds_null_reason(
        'exposed_at', 'first_used_at', "case when has_key_event then 'not_yet' else 'not_applicable' end"
    ) }} as adoption_lag_seconds_null_reason,
    is_eligible
from adoptions

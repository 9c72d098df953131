{{ config(materialized='table') }}

with

features as (

    select * from {{ ref('int_features__features') }}

),

exposures as (

    select * from {{ ref('int_features__customer_exposures') }}

),

customers as (

    select * from {{ ref('customer_accounts') }}

),

product_events as (

    select * from {{ ref('product_events_daily') }}

),

horizons as (

    select * from {{ ref('int_flow__horizons') }}

),

internal as (

    select
        source_id as customer_account,
        bool_or(coalesce(is_internal, false)) as is_internal
    from customers
    group by source_id

),

-- of a day on which the exposure fell between its events, only the last one is known to be after it
uses as (

    select
        exposures.feature_key,
        exposures.customer_account,
        features.times,
        product_events.last_event_at,
        case
            when product_events.first_event_at >= exposures.exposed_at then product_events.first_event_at
            else product_events.last_event_at
        end as used_at,
        case
            when product_events.first_event_at >= exposures.exposed_at then product_events.event_count
            else 1
        end as use_count,
        {{ seconds_between('exposures.exposed_at', 'product_events.first_event_at') }}
        <= features.within_days * 86400 as is_in_window
    from exposures
    inner join features
        on exposures.feature_key = features.feature_key
    inner join product_events
        on
            exposures.customer_account = product_events.customer_account
            and features.key_event = product_events.event_name
            and exposures.exposed_at <= product_events.last_event_at
    inner join horizons
        on
            product_events.connection = horizons.connection
            and product_events.last_event_at <= horizons.events_until_at

),

counted as (

    select
        *,
        sum(case when is_in_window then use_count else 0 end) over (
            partition by feature_key, customer_account order by used_at
        ) as total_count
    from uses

),

used as (

    select
        feature_key,
        customer_account,
        min(used_at) as first_used_at,
        min(
            case
                when not is_in_window or total_count < times then null
                when total_count - use_count = times - 1 then used_at
                else last_event_at
            end
        ) as adopted_at
    from counted
    group by feature_key, customer_account

)

select
    exposures.feature_key,
    exposures.customer_account,
    exposures.exposed_at,
    exposures.method,
    used.first_used_at,
    used.adopted_at,
    not coalesce(internal.is_internal, false) as is_eligible,
    features.key_event is not null as has_key_event
from exposures
inner join features
    on exposures.feature_key = features.feature_key
left join used
    on
        exposures.feature_key = used.feature_key
        and exposures.customer_account = used.customer_account
left join internal
    on exposures.customer_account = internal.customer_account

{{ config(enabled=is_connector_enabled('posthog')) }}

with

events as (

    select * from {{ ref('int_posthog__events') }}

),

dated as (

    select
        *,
        cast(happened_at as date) as day
    from events
    where flag_key is null and event != '$feature_flag_called'

),

final as (

    select
        connection,
        'posthog' as connector,
        md5(customer_id || '|' || event || '|' || cast(day as string)) as source_id,
        customer_id as customer_account,
        event as event_name,
        day,
        count(*) as event_count,
        min(happened_at) as first_event_at,
        max(happened_at) as last_event_at,
        max(extracted_at) as extracted_at
    from dated
    group by connection, customer_id, event, day

)

select * from final

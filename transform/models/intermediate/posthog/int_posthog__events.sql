{{ config(enabled=is_connector_enabled('posthog')) }}

with

events as (

    select * from {{ ref('stg_posthog__events') }}

),

final as (

    select
        connection,
        uuid,
        event,
        customer_id,
        flag_key,
        -- A variant switches it on, except the one by which experiments call those who go without.
        case
            when flag_key is not null then coalesce(flag_response, 'false') not in ('false', 'control', '')
        end as is_flag_on,
        case when received_at < occurred_at then received_at else occurred_at end as happened_at,
        extracted_at
    from events
    where customer_id is not null

)

select * from final

{{ config(enabled=is_connector_enabled('posthog')) }}

with

events as (

    select * from {{ ref('int_posthog__events') }}

),

final as (

    select
        connection,
        'posthog' as connector,
        customer_id as source_id,
        cast(null as string) as segment,
        cast(null as boolean) as is_internal,
        cast(null as timestamp) as created_at,
        max(extracted_at) as extracted_at
    from events
    group by connection, customer_id

)

select * from final

{{ config(enabled=is_connector_enabled('posthog')) }}

with

events as (

    select * from {{ ref('int_posthog__events') }}

),

final as (

    select
        connection,
        'posthog' as connector,
        md5(customer_id || '|' || flag_key || '|flag_evaluation') as source_id,
        customer_id as customer_account,
        flag_key as feature,
        min(happened_at) as exposed_at,
        'flag_evaluation' as method,
        max(extracted_at) as extracted_at
    from events
    where is_flag_on
    group by connection, customer_id, flag_key

)

select * from final

{{ config(enabled=is_connector_enabled('posthog')) }}

with

rejected_rows as (

    select * from {{ ref('stg_posthog__rejected_rows') }}

),

final as (

    select
        connection,
        'posthog' as connector,
        md5(table_name || '|' || row_key || '|' || rule) as source_id,
        table_name,
        row_key,
        rule,
        row_json,
        rejected_at,
        extracted_at
    from rejected_rows

)

select * from final

{{ config(enabled=is_connector_enabled('pagerduty')) }}

with

rejected_rows as (

    select * from {{ ref('stg_pagerduty__rejected_rows') }}

),

final as (

    select
        connection,
        'pagerduty' as connector,
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

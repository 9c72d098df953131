{{ config(enabled=is_connector_enabled('claude_code')) }}

with

rejected_rows as (

    select * from {{ ref('stg_claude_code__rejected_rows') }}

),

final as (

    select
        connection,
        'claude_code' as connector,
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

{{ config(enabled=is_connector_enabled('github')) }}

with

rejected_rows as (

    select * from {{ ref('stg_github__rejected_rows') }}

),

final as (

    select
        connection,
        'github' as connector,
        md5(
            table_name || '|' || coalesce(row_key, '') || '|' || rule || '|' || coalesce(row_json, '')
            || '|' || cast(rejected_at as string)
        ) as source_id,
        table_name,
        row_key,
        rule,
        row_json,
        rejected_at,
        rejected_at as extracted_at
    from rejected_rows

)

select * from final

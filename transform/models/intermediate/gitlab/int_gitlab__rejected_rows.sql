{{ config(enabled=is_connector_enabled('gitlab')) }}

with

rejected_rows as (

    select * from {{ ref('stg_gitlab__rejected_rows') }}

),

impossible_notes as (

    select * from {{ ref('int_gitlab__impossible_notes') }}

),

united as (

    select
        connection,
        table_name,
        row_key,
        rule,
        row_json,
        rejected_at,
        extracted_at
    from rejected_rows
    union all
    select
        connection,
        'merge_request_notes' as table_name,
        '["' || note_id || '"]' as row_key,
        'a note is not older than its merge request' as rule,
        '{"merge_request_id": "' || merge_request_id || '", "type": "' || type
        || '", "occurred_at": "' || cast(occurred_at as string)
        || '", "merge_request_created_at": "' || cast(created_at as string) || '"}' as row_json,
        extracted_at as rejected_at,
        extracted_at
    from impossible_notes

),

final as (

    select
        connection,
        'gitlab' as connector,
        md5(table_name || '|' || row_key || '|' || rule) as source_id,
        table_name,
        row_key,
        rule,
        row_json,
        rejected_at,
        extracted_at
    from united

)

select * from final

with

flow_measures as (

    select * from {{ ref('int_flow__rejected_measures') }}

),

delivery_measures as (

    select * from {{ ref('int_delivery__rejected_measures') }}

),

rejected_rows as (

    select * from {{ ref('rejected_rows') }}

),

measures as (

    select * from flow_measures
    union all
    select * from delivery_measures

),

all_rejected as (

    select
        {{ surrogate_key('rejected_measure', 'table_name', 'item_key', 'measure') }} as rejected_row_key,
        'marts' as layer,
        cast(null as string) as connection,
        table_name,
        flow_item_type,
        item_key,
        measure,
        rule,
        start_at as started_at,
        end_at as ended_at,
        cast(null as string) as row_json,
        cast(null as timestamp) as rejected_at
    from measures
    union all
    select
        {{ surrogate_key('rejected_row', 'connection', 'source_id') }} as rejected_row_key,
        'raw' as layer,
        connection,
        table_name,
        cast(null as string) as flow_item_type,
        row_key as item_key,
        cast(null as string) as measure,
        rule,
        cast(null as timestamp) as started_at,
        cast(null as timestamp) as ended_at,
        row_json,
        rejected_at
    from rejected_rows

)

select * from all_rejected

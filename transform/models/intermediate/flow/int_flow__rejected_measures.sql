with

change_measures as (

    select * from {{ ref('int_flow__change_measures') }}

),

item_measures as (

    select * from {{ ref('int_items__measures') }}

),

handoffs as (

    select * from {{ ref('int_items__all_handoffs') }}

),

rejected_measures as (

    select
        'fct_changes' as table_name,
        'change' as flow_item_type,
        change_key as item_key,
        measure,
        started_at as start_at,
        ended_at as end_at
    from change_measures
    where null_reason = 'impossible'
    union all
    select
        table_name,
        flow_item_type,
        item_key,
        measure,
        started_at as start_at,
        ended_at as end_at
    from item_measures
    where null_reason = 'impossible'
    union all
    select
        'fct_handoffs' as table_name,
        flow_item_type,
        handoff_key as item_key,
        'wait_calendar_seconds' as measure,
        requested_at as start_at,
        accepted_at as end_at
    from handoffs
    where accepted_at < requested_at

)

select
    table_name,
    flow_item_type,
    item_key,
    measure,
    'end_before_start' as rule,
    start_at,
    end_at
from rejected_measures

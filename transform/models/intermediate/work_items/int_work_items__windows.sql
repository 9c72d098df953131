with

field_events as (

    select * from {{ ref('int_work_items__field_events') }}

),

dated as (

    select
        work_item_key,
        sequence,
        lead(sequence) over (partition by work_item_key order by sequence) is null as is_last,
        {{ to_utc('from_value') }} as from_due_at,
        {{ to_utc('to_value') }} as to_due_at
    from field_events
    where field = 'due_at'

)

select
    work_item_key,
    min_by(to_due_at, case when to_due_at is not null then sequence end) as first_due_at,
    max(case when is_last then to_due_at end) as due_at,
    count(case when to_due_at > from_due_at then 1 end) as due_push_count
from dated
group by work_item_key

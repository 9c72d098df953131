with

items as (

    select * from {{ ref('int_work_items__items') }}

),

events as (

    select * from {{ ref('work_item_events') }}

),

changes_of_field as (

    select
        items.work_item_key,
        events.field,
        events.occurred_at,
        events.source_id as event_id,
        events.from_value,
        events.to_value,
        row_number() over (
            partition by items.work_item_key, events.field order by events.occurred_at, events.source_id
        ) as sequence
    from events
    inner join items
        on
            events.connection = items.connection
            and events.work_item = items.work_item
    where
        events.field in ('assignee', 'sprint', 'due_at')
        and events.occurred_at <= items.events_until_at

),

present as (

    select
        work_item_key,
        'assignee' as field,
        created_at,
        assignee_account as present_value
    from items
    union all
    select
        work_item_key,
        'due_at' as field,
        created_at,
        cast(due_at as string) as present_value
    from items

),

-- what a ticket was created with is what its first change replaced, or what stands
first_values as (

    select
        present.work_item_key,
        present.field,
        least(present.created_at, first_changes.occurred_at) as occurred_at,
        cast(null as string) as event_id,
        cast(null as string) as from_value,
        case
            when first_changes.work_item_key is null then present.present_value
            else first_changes.from_value
        end as to_value,
        0 as sequence
    from present
    left join changes_of_field as first_changes
        on
            present.work_item_key = first_changes.work_item_key
            and present.field = first_changes.field
            and first_changes.sequence = 1

)

select * from first_values
union all
select
    work_item_key,
    field,
    occurred_at,
    event_id,
    from_value,
    to_value,
    sequence
from changes_of_field

with

items as (

    select * from {{ ref('int_work_items__items') }}

),

events as (

    select * from {{ ref('work_item_events') }}

),

trackers as (

    select * from {{ ref('int_work_items__trackers') }}

),

changes_of_status as (

    select
        items.work_item_key,
        events.occurred_at,
        events.source_id as event_id,
        events.from_value,
        events.from_name,
        events.to_value as status,
        events.to_name as status_name,
        events.to_category as category,
        row_number() over (
            partition by items.work_item_key order by events.occurred_at, events.source_id
        ) as sequence,
        row_number() over (
            partition by items.work_item_key order by events.occurred_at desc, events.source_id desc
        ) as places_to_last
    from events
    inner join items
        on
            events.connection = items.connection
            and events.work_item = items.work_item
    where events.field = 'status' and events.occurred_at <= items.events_until_at

),

-- the status at the creation is what the first change left, or what stands
first_statuses as (

    select
        items.work_item_key,
        least(items.created_at, first_changes.occurred_at) as occurred_at,
        cast(null as string) as event_id,
        coalesce(first_changes.from_value, items.status) as status,
        coalesce(first_changes.from_name, items.status_name) as status_name,
        case when first_changes.work_item_key is null then items.status_category end as category,
        0 as sequence,
        case when first_changes.work_item_key is null then 1 else 2 end as places_to_last
    from items
    left join changes_of_status as first_changes
        on
            items.work_item_key = first_changes.work_item_key
            and first_changes.sequence = 1

),

statuses as (

    select * from first_statuses
    union all
    select
        work_item_key,
        occurred_at,
        event_id,
        status,
        status_name,
        category,
        sequence,
        places_to_last
    from changes_of_status

),

mapped as (

    select
        statuses.work_item_key,
        statuses.sequence,
        max(trackers.ticket_stage) as ticket_stage
    from statuses
    inner join items
        on statuses.work_item_key = items.work_item_key
    inner join trackers
        on
            items.connection = trackers.connection
            and items.project = trackers.project
            and trackers.status in (lower(statuses.status), lower(statuses.status_name))
            and {{ is_valid_at('trackers', 'statuses.occurred_at') }}
    group by statuses.work_item_key, statuses.sequence

),

judged as (

    select
        statuses.*,
        case
            when mapped.ticket_stage is not null then mapped.ticket_stage
            when statuses.category = 'in_progress' then 'started'
            when statuses.category = 'done' then 'done'
            when statuses.category = 'todo' or statuses.sequence = 0 then 'idea'
        end as ticket_stage,
        case
            when mapped.ticket_stage is not null then 'status_map'
            when statuses.category is not null then 'status_category'
            else 'status_assumed'
        end as evidence,
        items.resolution
    from statuses
    inner join items
        on statuses.work_item_key = items.work_item_key
    left join mapped
        on
            statuses.work_item_key = mapped.work_item_key
            and statuses.sequence = mapped.sequence

)

select
    work_item_key,
    occurred_at,
    sequence,
    event_id,
    case
        when ticket_stage = 'done' and resolution = 'rejected' and places_to_last = 1 then 'rejected'
        else ticket_stage
    end as ticket_stage,
    evidence
from judged
where ticket_stage is not null

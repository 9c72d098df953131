with

work_items as (

    select * from {{ ref('work_items') }}

),

horizons as (

    select * from {{ ref('int_flow__horizons') }}

),

accounts as (

    select * from {{ ref('int_people__accounts') }}

)

select
    {{ surrogate_key('work_item', 'work_items.connection', 'work_items.source_id') }} as work_item_key,
    {{ surrogate_key('work_item', 'work_items.connection', 'work_items.parent') }} as parent_work_item_key,
    work_items.connection,
    work_items.source_id as work_item,
    work_items.project,
    work_items.project_key,
    work_items.key,
    work_items.type,
    work_items.status,
    work_items.status_name,
    work_items.status_category,
    work_items.resolution,
    reporters.person_key as reporter_person_key,
    work_items.assignee_account,
    work_items.due_at,
    work_items.created_at,
    horizons.events_until_at
from work_items
inner join horizons
    on work_items.connection = horizons.connection
left join accounts as reporters
    on
        work_items.connection = reporters.connection
        and work_items.reporter_account = reporters.account
where work_items.created_at <= horizons.events_until_at

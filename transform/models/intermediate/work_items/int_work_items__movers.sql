with

items as (

    select * from {{ ref('int_work_items__items') }}

),

events as (

    select * from {{ ref('work_item_events') }}

),

accounts as (

    select * from {{ ref('int_people__accounts') }}

)

-- of what happens within a second, the first move leaves the stage before
select
    items.work_item_key,
    events.occurred_at,
    min_by(accounts.person_key, events.source_id) as person_key
from events
inner join items
    on
        events.connection = items.connection
        and events.work_item = items.work_item
inner join accounts
    on
        events.connection = accounts.connection
        and events.actor_account = accounts.account
where events.field in ('status', 'sprint')
group by items.work_item_key, events.occurred_at

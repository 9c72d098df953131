with

states as (

    select * from {{ ref('int_work_items__owned_states') }}

),

turns as (

    select * from {{ ref('int_work_items__turns') }}

),

items as (

    select * from {{ ref('int_work_items__items') }}

),

assigned as (

    select
        work_item_key,
        occurred_at,
        person_key
    from states
    qualify
        coalesce(
            person_key != lag(person_key) over (partition by work_item_key order by occurred_at),
            person_key is not null
        )

),

placed as (

    select
        assigned.work_item_key,
        assigned.occurred_at,
        assigned.person_key,
        turns.role,
        turns.team_key,
        turns.ticket_stage,
        turns.left_at,
        turns.next_ticket_stage
    from assigned
    inner join turns
        on
            assigned.work_item_key = turns.work_item_key
            and assigned.occurred_at >= turns.entered_at
            and coalesce(assigned.occurred_at < turns.left_at, true)
    where turns.role is not null

)

select
    placed.*,
    lead(placed.occurred_at) over item as reassigned_at,
    coalesce(lag(placed.role) over item, 'product') as previous_role,
    case
        when lag(placed.role) over item is null then items.reporter_person_key
        else lag(placed.person_key) over item
    end as previous_person_key
from placed
inner join items
    on placed.work_item_key = items.work_item_key
window item as (partition by placed.work_item_key order by placed.occurred_at)

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

),

first_givers as (

    select
        placed.work_item_key,
        placed.occurred_at,
        max_by(turns.person_key, turns.entered_at) as person_key
    from placed
    inner join turns
        on
            placed.work_item_key = turns.work_item_key
            and placed.occurred_at >= turns.left_at
            and turns.role = 'product'
            and turns.person_key is not null
    group by placed.work_item_key, placed.occurred_at

)

select
    placed.*,
    lead(placed.occurred_at) over item as reassigned_at,
    coalesce(lag(placed.role) over item, 'product') as previous_role,
    case
        when lag(placed.role) over item is null
            then coalesce(first_givers.person_key, items.reporter_person_key)
        else lag(placed.person_key) over item
    end as previous_person_key
from placed
inner join items
    on placed.work_item_key = items.work_item_key
left join first_givers
    on
        placed.work_item_key = first_givers.work_item_key
        and placed.occurred_at = first_givers.occurred_at
window item as (partition by placed.work_item_key order by placed.occurred_at)

with

states as (

    select * from {{ ref('int_work_items__owned_states') }}

),

items as (

    select * from {{ ref('int_work_items__items') }}

),

roles as (

    select
        states.*,
        case
            when states.ticket_stage = 'idea' then 'product'
            when states.ticket_stage in ('ready', 'started') then 'author'
            when states.ticket_stage = 'qa' then 'qa'
        end as role
    from states

),

moves as (

    select *
    from roles
    qualify
        coalesce(
            ticket_stage != lag(ticket_stage) over (partition by work_item_key order by occurred_at), true
        )

)

select
    moves.work_item_key,
    moves.ticket_stage,
    moves.role,
    case
        when moves.role = 'product' then coalesce(moves.person_key, items.reporter_person_key)
        else moves.person_key
    end as person_key,
    moves.team_key,
    moves.occurred_at as entered_at,
    lead(moves.occurred_at) over item as left_at,
    lead(moves.ticket_stage) over item as next_ticket_stage,
    lead(moves.person_key) over item as next_person_key
from moves
inner join items
    on moves.work_item_key = items.work_item_key
window item as (partition by moves.work_item_key order by moves.occurred_at)

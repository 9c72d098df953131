with

states as (

    select * from {{ ref('int_work_items__owned_states') }}

),

items as (

    select * from {{ ref('int_work_items__items') }}

),

movers as (

    select * from {{ ref('int_work_items__movers') }}

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

),

moved as (

    select
        moves.*,
        items.reporter_person_key,
        movers.person_key as mover_person_key
    from moves
    inner join items
        on moves.work_item_key = items.work_item_key
    left join movers
        on
            moves.work_item_key = movers.work_item_key
            and moves.occurred_at = movers.occurred_at

)

-- an idea that nobody has is handed over by whoever moves it on, unless that is who takes it
select
    work_item_key,
    ticket_stage,
    role,
    case
        when role = 'product'
            then
                coalesce(
                    person_key,
                    nullif(lead(mover_person_key) over item, lead(person_key) over item),
                    reporter_person_key
                )
        else person_key
    end as person_key,
    team_key,
    occurred_at as entered_at,
    lead(occurred_at) over item as left_at,
    lead(ticket_stage) over item as next_ticket_stage,
    lead(person_key) over item as next_person_key
from moved
window item as (partition by work_item_key order by occurred_at)

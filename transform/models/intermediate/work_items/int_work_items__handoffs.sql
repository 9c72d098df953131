with

turns as (

    select * from {{ ref('int_work_items__turns') }}

),

assignments as (

    select * from {{ ref('int_work_items__assignments') }}

),

entered as (

    select
        *,
        lag(role) over (partition by work_item_key order by entered_at) as previous_role,
        lag(person_key) over (partition by work_item_key order by entered_at) as previous_person_key
    from turns

),

-- whoever starts what was an idea, or is given what is started, has taken it
transfers as (

    select
        work_item_key,
        'status_transition' as mechanism,
        previous_role as from_role,
        role as to_role,
        previous_person_key as from_person_key,
        case
            when previous_role = 'product' and ticket_stage = 'started' then person_key
            else next_person_key
        end as to_person_key,
        team_key,
        entered_at as requested_at,
        case
            when previous_role = 'product' and ticket_stage = 'started' then entered_at
            else left_at
        end as left_at,
        case
            when previous_role = 'product' and ticket_stage = 'started' then ticket_stage
            else next_ticket_stage
        end as next_ticket_stage,
        cast(null as timestamp) as reassigned_at
    from entered
    where role != previous_role
    union all
    select
        work_item_key,
        'tracker_assignment' as mechanism,
        previous_role as from_role,
        role as to_role,
        previous_person_key as from_person_key,
        person_key as to_person_key,
        team_key,
        occurred_at as requested_at,
        case when ticket_stage = 'started' then occurred_at else left_at end as left_at,
        case when ticket_stage = 'started' then ticket_stage else next_ticket_stage end as next_ticket_stage,
        reassigned_at
    from assignments
    where role != previous_role

),

settled as (

    select
        *,
        case
            when reassigned_at < left_at or (reassigned_at is not null and left_at is null) then 'superseded'
            when left_at is null then 'pending'
            when next_ticket_stage in ('idea', 'rejected') then 'withdrawn'
            else 'accepted'
        end as outcome
    from transfers

)

select
    'work_item' as flow_item_type,
    work_item_key as flow_item_key,
    mechanism,
    from_role,
    to_role,
    from_person_key,
    to_person_key,
    team_key,
    requested_at,
    case when outcome = 'accepted' then left_at end as accepted_at,
    case outcome when 'superseded' then reassigned_at else left_at end as settled_at,
    outcome
from settled

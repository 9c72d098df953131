{{ config(materialized='table') }}

with

review_handoffs as (

    select * from {{ ref('int_flow__review_handoffs') }}

),

rework_handoffs as (

    select * from {{ ref('int_flow__rework_handoffs') }}

),

approval_handoffs as (

    select * from {{ ref('int_flow__approval_handoffs') }}

),

release_handoffs as (

    select * from {{ ref('int_flow__release_handoffs') }}

),

exposure_handoffs as (

    select * from {{ ref('int_flow__exposure_handoffs') }}

),

transfers as (

    select * from review_handoffs
    union all
    select * from rework_handoffs
    union all
    select * from approval_handoffs
    union all
    select * from release_handoffs
    union all
    select * from exposure_handoffs

),

between_people as (

    select * from transfers
    where not coalesce(from_person_key = to_person_key, false)

),

ordered as (

    select
        *,
        lag(from_role) over handoff_order as previous_from_role,
        lag(to_role) over handoff_order as previous_to_role
    from between_people
    window handoff_order as (
        partition by change_key
        order by requested_at asc, settled_at asc nulls last, round_number asc, to_role asc
    )

)

select
    {{ surrogate_key(
        'handoff',
        'change_key',
        'mechanism',
        'from_role',
        'to_role',
        'cast(round_number as string)'
    ) }} as handoff_key,
    change_key,
    mechanism,
    from_role,
    to_role,
    round_number,
    from_person_key,
    to_person_key,
    asked_team_key,
    requested_at,
    accepted_at,
    outcome,
    settled_at,
    coalesce(from_role = previous_to_role and to_role = previous_from_role, false) as is_return
from ordered

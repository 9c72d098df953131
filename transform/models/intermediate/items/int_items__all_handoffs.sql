with

change_handoffs as (

    select * from {{ ref('int_flow__handoff_teams') }}

),

item_handoffs as (

    select * from {{ ref('int_items__handoffs') }}

)

select
    handoff_key,
    'change' as flow_item_type,
    change_key as flow_item_key,
    mechanism,
    from_role,
    to_role,
    round_number,
    from_person_key,
    to_person_key,
    from_team_key,
    to_team_key,
    requested_at,
    accepted_at,
    settled_at,
    outcome,
    is_return
from change_handoffs
union all
select
    handoff_key,
    flow_item_type,
    flow_item_key,
    mechanism,
    from_role,
    to_role,
    round_number,
    from_person_key,
    to_person_key,
    from_team_key,
    to_team_key,
    requested_at,
    accepted_at,
    settled_at,
    outcome,
    is_return
from item_handoffs

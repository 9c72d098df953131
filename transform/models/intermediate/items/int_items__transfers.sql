with

work_item_handoffs as (

    select * from {{ ref('int_work_items__handoffs') }}

),

incident_handoffs as (

    select * from {{ ref('int_incidents__handoffs') }}

),

feature_handoffs as (

    select * from {{ ref('int_features__handoffs') }}

)

select
    flow_item_type,
    flow_item_key,
    mechanism,
    from_role,
    to_role,
    from_person_key,
    to_person_key,
    team_key,
    requested_at,
    accepted_at,
    settled_at,
    outcome
from work_item_handoffs
union all
select
    flow_item_type,
    flow_item_key,
    mechanism,
    from_role,
    to_role,
    from_person_key,
    to_person_key,
    team_key,
    requested_at,
    accepted_at,
    settled_at,
    outcome
from feature_handoffs
union all
select
    flow_item_type,
    flow_item_key,
    mechanism,
    from_role,
    to_role,
    from_person_key,
    to_person_key,
    team_key,
    requested_at,
    accepted_at,
    settled_at,
    outcome
from incident_handoffs

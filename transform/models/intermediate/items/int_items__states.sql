with

work_item_states as (

    select * from {{ ref('int_work_items__owned_states') }}

),

incident_states as (

    select * from {{ ref('int_incidents__states') }}

),

incidents as (

    select * from {{ ref('int_incidents__incidents') }}

),

feature_states as (

    select * from {{ ref('int_features__states') }}

)

select
    'work_item' as flow_item_type,
    work_item_key as flow_item_key,
    occurred_at,
    event_id,
    state,
    evidence,
    person_key,
    team_key,
    cast(null as string) as service_key
from work_item_states
union all
select
    'feature' as flow_item_type,
    feature_key as flow_item_key,
    occurred_at,
    cast(null as string) as event_id,
    state,
    'observed' as evidence,
    cast(null as string) as person_key,
    cast(null as string) as team_key,
    cast(null as string) as service_key
from feature_states
union all
select
    'incident' as flow_item_type,
    incident_states.incident_key as flow_item_key,
    incident_states.occurred_at,
    incident_states.event_id,
    incident_states.state,
    'observed' as evidence,
    incident_states.responder_person_key as person_key,
    incidents.team_key,
    incidents.service_key
from incident_states
inner join incidents
    on incident_states.incident_key = incidents.incident_key

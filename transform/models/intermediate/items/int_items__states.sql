with

work_item_states as (

    select * from {{ ref('int_work_items__owned_states') }}

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

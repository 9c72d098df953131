with

change_visits as (

    select * from {{ ref('int_flow__owned_visits') }}

),

item_visits as (

    select * from {{ ref('int_items__visits') }}

)

select
    'change' as flow_item_type,
    change_key as flow_item_key,
    connection,
    stage_key,
    stage,
    visit_number,
    entered_at,
    exited_at,
    exit_reason,
    waiting_on_role,
    evidence,
    repository_key,
    service_key,
    team_key,
    owner_team_key,
    person_key,
    source_event_id
from change_visits
union all
select
    flow_item_type,
    flow_item_key,
    '' as connection,
    stage_key,
    stage,
    visit_number,
    entered_at,
    exited_at,
    exit_reason,
    waiting_on_role,
    evidence,
    cast(null as string) as repository_key,
    service_key,
    team_key,
    team_key as owner_team_key,
    person_key,
    source_event_id
from item_visits

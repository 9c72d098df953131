with

states as (

    select * from {{ ref('int_work_items__states') }}

),

accounts as (

    select * from {{ ref('int_people__accounts') }}

),

trackers as (

    select * from {{ ref('int_work_items__trackers') }}

),

project_teams as (

    select distinct
        connection,
        project,
        team_key,
        valid_from,
        valid_to
    from trackers
    where team_key is not null

)

select
    states.work_item_key,
    states.occurred_at,
    states.event_id,
    states.ticket_stage,
    states.state,
    states.evidence,
    accounts.person_key,
    project_teams.team_key
from states
left join accounts
    on
        states.connection = accounts.connection
        and states.assignee_account = accounts.account
left join project_teams
    on
        states.connection = project_teams.connection
        and states.project = project_teams.project
        and {{ is_valid_at('project_teams', 'states.occurred_at') }}

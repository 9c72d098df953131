{{ config(materialized='table') }}

with

visits as (

    select * from {{ ref('int_flow__visits') }}

),

changes as (

    select * from {{ ref('int_flow__changes') }}

),

item_teams as (

    select * from {{ ref('int_flow__item_teams') }}

),

visit_requests as (

    select * from {{ ref('int_flow__visit_requests') }}

),

person_teams as (

    select * from {{ ref('int_flow__person_teams') }}

),

visit_events as (

    select * from {{ ref('int_flow__visit_events') }}

),

owned as (

    select
        visits.change_key,
        case
            when visits.stage in ('exposure_wait', 'adoption') then ''
            else changes.connection
        end as connection,
        visits.stage_key,
        visits.stage,
        visits.visit_number,
        visits.entered_at,
        visits.exited_at,
        visits.exit_reason,
        visits.waiting_on_role,
        visits.evidence,
        changes.repository_key,
        item_teams.service_key,
        item_teams.team_key,
        case
            when visits.stage in ('review_wait', 'review')
                then coalesce(visit_requests.asked_team_key, person_teams.team_key, item_teams.team_key)
            when visits.stage in ('ci', 'release_wait', 'approval_wait', 'deploy')
                then coalesce(item_teams.service_team_key, item_teams.team_key)
            else item_teams.team_key
        end as owner_team_key,
        case visits.waiting_on_role
            when 'author' then changes.author_person_key
            when 'reviewer' then visit_requests.asked_person_key
        end as person_key,
        coalesce(visit_events.event_id, visits.outside_event_id) as source_event_id
    from visits
    inner join changes
        on visits.change_key = changes.change_key
    inner join item_teams
        on
            visits.change_key = item_teams.change_key
            and visits.entered_at = item_teams.instant
    left join visit_requests
        on
            visits.change_key = visit_requests.change_key
            and visits.entered_at = visit_requests.entered_at
    left join person_teams
        on
            visit_requests.asked_person_key = person_teams.person_key
            and visit_requests.entered_at = person_teams.instant
    left join visit_events
        on
            visits.change_key = visit_events.change_key
            and visits.entered_at = visit_events.entered_at

)

select * from owned

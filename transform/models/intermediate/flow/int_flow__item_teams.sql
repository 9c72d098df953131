{{ config(materialized='table') }}

with

team_instants as (

    select * from {{ ref('int_flow__team_instants') }}

),

changes as (

    select * from {{ ref('int_flow__changes') }}

),

person_teams as (

    select * from {{ ref('int_flow__person_teams') }}

),

repository_teams as (

    select * from {{ ref('int_people__repository_teams') }}

),

change_services as (

    select * from {{ ref('int_delivery__change_services') }}

),

services as (

    select * from {{ ref('int_delivery__services') }}

),

placed as (

    select
        team_instants.change_key,
        team_instants.instant,
        changes.connection,
        changes.repository,
        changes.repository_key,
        changes.author_person_key,
        change_services.service_key
    from team_instants
    inner join changes
        on team_instants.change_key = changes.change_key
    left join change_services
        on
            team_instants.change_key = change_services.change_key
            and change_services.is_main

),

repository_owners as (

    select
        placed.change_key,
        placed.instant,
        min_by(repository_teams.team_key, repository_teams.team) as team_key
    from placed
    inner join repository_teams
        on
            placed.repository_key = repository_teams.repository_key
            and {{ is_valid_at('repository_teams', 'placed.instant') }}
    group by placed.change_key, placed.instant

),

service_owners as (

    select
        placed.change_key,
        placed.instant,
        min(services.team) as team
    from placed
    inner join services
        on
            placed.service_key = services.service_key
            and placed.connection = services.connection
            and placed.repository = services.repository
            and {{ is_valid_at('services', 'placed.instant') }}
    group by placed.change_key, placed.instant

)

select
    placed.change_key,
    placed.instant,
    placed.service_key,
    coalesce(person_teams.team_key, repository_owners.team_key) as team_key,
    {{ surrogate_key('team', 'service_owners.team') }} as service_team_key
from placed
left join person_teams
    on
        placed.author_person_key = person_teams.person_key
        and placed.instant = person_teams.instant
left join repository_owners
    on
        placed.change_key = repository_owners.change_key
        and placed.instant = repository_owners.instant
left join service_owners
    on
        placed.change_key = service_owners.change_key
        and placed.instant = service_owners.instant

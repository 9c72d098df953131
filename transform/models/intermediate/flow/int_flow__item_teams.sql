{{ config(materialized='table') }}

with

team_instants as (

    select * from {{ ref('int_flow__team_instants') }}

),

changes as (

    select * from {{ ref('int_flow__changes') }}

),

memberships as (

    select * from {{ ref('int_people__team_memberships') }}

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

item_teams as (

    select
        team_instants.change_key,
        team_instants.instant,
        change_services.service_key,
        coalesce(memberships.team_key, repository_teams.team_key) as team_key,
        {{ surrogate_key('team', 'services.team') }} as service_team_key
    from team_instants
    inner join changes
        on team_instants.change_key = changes.change_key
    left join memberships
        on
            changes.author_person_key = memberships.person_key
            and {{ is_valid_at('memberships', 'team_instants.instant') }}
    left join repository_teams
        on
            changes.repository_key = repository_teams.repository_key
            and {{ is_valid_at('repository_teams', 'team_instants.instant') }}
    left join change_services
        on
            team_instants.change_key = change_services.change_key
            and change_services.is_main
    left join services
        on
            change_services.service_key = services.service_key
            and changes.connection = services.connection
            and changes.repository = services.repository
            and {{ is_valid_at('services', 'team_instants.instant') }}
    qualify row_number() over (
        partition by team_instants.change_key, team_instants.instant
        order by
            memberships.team asc nulls last,
            repository_teams.team asc nulls last,
            services.team asc nulls last
    ) = 1

)

select * from item_teams

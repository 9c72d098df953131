{{ config(materialized='table') }}

with

person_instants as (

    select * from {{ ref('int_flow__person_instants') }}

),

memberships as (

    select * from {{ ref('int_people__team_memberships') }}

),

person_teams as (

    select
        person_instants.person_key,
        person_instants.instant,
        min_by(memberships.team_key, memberships.team) as team_key
    from person_instants
    inner join memberships
        on
            person_instants.person_key = memberships.person_key
            and {{ is_valid_at('memberships', 'person_instants.instant') }}
    group by person_instants.person_key, person_instants.instant

)

select * from person_teams

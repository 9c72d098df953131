with

requests as (

    select * from {{ ref('int_flow__requests') }}

),

memberships as (

    select * from {{ ref('int_people__team_memberships') }}

),

slugs as (

    select distinct
        team_key,
        lower(replace(team, ' ', '-')) as slug
    from memberships

),

asked_teams as (

    select
        requests.change_key,
        requests.event_id,
        min(slugs.team_key) as team_key
    from requests
    inner join slugs
        on lower(requests.subject_team) = slugs.slug
    group by requests.change_key, requests.event_id

)

select * from asked_teams

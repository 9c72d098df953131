with

requests as (

    select * from {{ ref('int_flow__requests') }}

),

teams as (

    select * from {{ ref('int_people__teams') }}

),

memberships as (

    select * from {{ ref('int_people__team_memberships') }}

),

slugs as (

    select
        lower(replace(team, ' ', '-')) as slug,
        min(team_key) as team_key
    from teams
    group by lower(replace(team, ' ', '-'))

),

staffed as (

    select distinct team_key
    from memberships

)

select
    requests.change_key,
    requests.event_id,
    slugs.team_key,
    staffed.team_key is not null as has_members
from requests
inner join slugs
    on lower(requests.subject_team) = slugs.slug
left join staffed
    on slugs.team_key = staffed.team_key

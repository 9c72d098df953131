with

accounts as (

    select * from {{ ref('int_people__accounts') }}

),

team_members as (

    select * from {{ ref('stg_flowgauge__team_members') }}

),

teams as (

    select * from {{ ref('stg_flowgauge__teams') }}

),

memberships as (

    select distinct
        accounts.person_key,
        {{ surrogate_key('team', 'teams.team') }} as team_key,
        teams.team,
        teams.calendar,
        greatest(team_members.valid_from, teams.valid_from) as valid_from,
        least(team_members.valid_to, teams.valid_to) as valid_to
    from team_members
    inner join accounts
        on
            lower(team_members.login) = lower(accounts.login)
            and (team_members.connection = accounts.connection or team_members.connection is null)
    inner join teams
        on team_members.team = teams.team

)

select * from memberships
where valid_from is null or valid_to is null or valid_from <= valid_to

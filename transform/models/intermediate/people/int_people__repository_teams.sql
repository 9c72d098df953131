with

repositories as (

    select * from {{ ref('repositories') }}

),

team_repositories as (

    select * from {{ ref('stg_flowgauge__team_repositories') }}

),

owned as (

    select
        {{ surrogate_key('repository', 'repositories.connection', 'repositories.source_id') }}
            as repository_key,
        repositories.connection,
        repositories.source_id as repository,
        {{ surrogate_key('team', 'team_repositories.team') }} as team_key,
        team_repositories.team,
        team_repositories.valid_from,
        team_repositories.valid_to
    from team_repositories
    inner join repositories
        on lower(team_repositories.repository_name) = lower(repositories.name)

)

select * from owned

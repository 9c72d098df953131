with

repositories as (

    select * from {{ ref('repositories') }}

),

matches as (

    select * from {{ ref('stg_flowgauge__repository_matches') }}

)

select
    repositories.connection,
    repositories.source_id as repository,
    repositories.name,
    repositories.default_branch,
    repositories.is_archived,
    coalesce(matches.hosting_connection, repositories.connection) as hosting_connection,
    coalesce(matches.hosting_repository, repositories.source_id) as hosting_repository,
    matches.hosting_repository is null as is_hosted_here,
    coalesce(matches.is_ambiguous, false) as is_ambiguous
from repositories
left join matches
    on
        repositories.connection = matches.connection
        and repositories.source_id = matches.repository

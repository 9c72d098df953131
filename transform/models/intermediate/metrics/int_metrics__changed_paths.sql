{#- The last pattern that fits decides; where nobody tells the owners of a repository, nothing is known. -#}
with

counted as (

    select * from {{ ref('int_metrics__changes') }}
    where state = 'merged'

),

changes as (

    select * from {{ ref('int_flow__changes') }}

),

change_files as (

    select * from {{ ref('change_files') }}

),

owner_patterns as (

    select * from {{ ref('int_metrics__owner_patterns') }}

),

paths as (

    select
        counted.change_key,
        counted.team_key,
        counted.merged_at,
        changes.connection,
        changes.repository,
        change_files.path
    from counted
    inner join changes
        on counted.change_key = changes.change_key
    inner join change_files
        on
            changes.connection = change_files.connection
            and changes.change = change_files.change

)

select
    paths.change_key,
    paths.path,
    paths.team_key,
    paths.merged_at,
    coalesce(
        max_by(
            owner_patterns.has_owner,
            case
                when {{ matches_column('paths.path', 'owner_patterns.expression') }}
                    then owner_patterns.position
            end
        ),
        false
    ) as is_owned
from paths
inner join owner_patterns
    on
        paths.connection = owner_patterns.connection
        and paths.repository = owner_patterns.repository
        and coalesce(paths.merged_at >= owner_patterns.valid_from, true)
        and coalesce(paths.merged_at < owner_patterns.valid_to, true)
group by paths.change_key, paths.path, paths.team_key, paths.merged_at

{{ config(enabled=is_connector_enabled('git')) }}

with

commits as (

    select * from {{ ref('stg_git__commits') }}

),

parents as (

    select
        connection,
        repository_id,
        child_sha,
        count(*) as parent_count
    from {{ ref('stg_git__commit_parents') }}
    group by connection, repository_id, child_sha

),

final as (

    select
        commits.connection,
        'git' as connector,
        commits.repository_id || ':' || commits.sha as source_id,
        commits.repository_id as repository,
        commits.sha,
        commits.authored_at,
        commits.committed_at,
        commits.author_id as author_account,
        coalesce(parents.parent_count, 0) as parent_count,
        commits.is_on_default_branch,
        commits.assistant_markers,
        commits.extracted_at
    from commits
    left join parents
        on
            commits.connection = parents.connection
            and commits.repository_id = parents.repository_id
            and commits.sha = parents.child_sha

)

select * from final

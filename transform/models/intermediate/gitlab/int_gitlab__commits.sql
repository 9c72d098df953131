{{ config(enabled=is_connector_enabled('gitlab')) }}

with

commits as (

    select * from {{ ref('stg_gitlab__commits') }}

),

parents as (

    select
        connection,
        repository_id,
        child_sha,
        count(*) as parent_count
    from {{ ref('stg_gitlab__commit_parents') }}
    group by connection, repository_id, child_sha

),

addresses as (

    select * from {{ ref('int_gitlab__addresses') }}

),

final as (

    select
        commits.connection,
        'gitlab' as connector,
        commits.repository_id || ':' || commits.sha as source_id,
        commits.repository_id as repository,
        commits.sha,
        commits.authored_at,
        commits.committed_at,
        addresses.account_id as author_account,
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
    left join addresses
        on
            commits.connection = addresses.connection
            and commits.author_email_hash = addresses.email_hash

)

select * from final

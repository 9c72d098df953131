{{ config(enabled=is_connector_enabled('gitlab')) }}

with

commits as (

    select * from {{ ref('stg_gitlab__merge_request_commits') }}

),

addresses as (

    select * from {{ ref('int_gitlab__addresses') }}

),

final as (

    select
        commits.connection,
        'gitlab' as connector,
        commits.merge_request_id || ':' || commits.sha as source_id,
        commits.merge_request_id as change,
        commits.repository_id as repository,
        commits.sha,
        commits.position,
        commits.authored_at,
        commits.committed_at,
        addresses.account_id as author_account,
        commits.assistant_markers,
        commits.extracted_at
    from commits
    left join addresses
        on
            commits.connection = addresses.connection
            and commits.author_email_hash = addresses.email_hash

)

select * from final

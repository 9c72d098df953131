{{ config(enabled=is_connector_enabled('github')) }}

with

commits as (

    select * from {{ ref('stg_github__pull_request_commits') }}

),

final as (

    select
        connection,
        'github' as connector,
        pull_request_id || ':' || sha as source_id,
        pull_request_id as change,
        repository_id as repository,
        sha,
        position,
        authored_at,
        committed_at,
        author_id as author_account,
        assistant_markers,
        extracted_at
    from commits

)

select * from final

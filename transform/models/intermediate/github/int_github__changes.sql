{{ config(enabled=is_connector_enabled('github')) }}

with

pull_requests as (

    select * from {{ ref('stg_github__pull_requests') }}

),

final as (

    select
        connection,
        'github' as connector,
        pull_request_id as source_id,
        repository_id as repository,
        number,
        title_marker,
        author_id as author_account,
        merged_by_id as merged_by_account,
        created_at,
        updated_at,
        merged_at,
        coalesce(merged_at, closed_at) as closed_at,
        state,
        is_draft,
        base_branch,
        head_branch,
        head_sha,
        merge_sha,
        additions,
        deletions,
        changed_file_count,
        reverts_sha,
        reverts_number,
        assistant_markers,
        extracted_at
    from pull_requests

)

select * from final

{{ config(enabled=is_connector_enabled('gitlab')) }}

with

merge_requests as (

    select * from {{ ref('stg_gitlab__merge_requests') }}

),

-- A locked merge request is being merged at this moment.
final as (

    select
        connection,
        'gitlab' as connector,
        merge_request_id as source_id,
        repository_id as repository,
        number,
        title_marker,
        author_id as author_account,
        case when state = 'merged' then merged_by_id end as merged_by_account,
        created_at,
        updated_at,
        case when state = 'merged' then merged_at end as merged_at,
        case when state = 'merged' then merged_at when state = 'closed' then closed_at end as closed_at,
        case when state in ('opened', 'locked') then 'open' else state end as state,
        is_draft,
        base_branch,
        head_branch,
        head_sha,
        case
            when state = 'merged' then coalesce(merge_commit_sha, squash_commit_sha, head_sha)
        end as merge_sha,
        additions,
        deletions,
        changed_file_count,
        reverts_sha,
        reverts_number,
        assistant_markers,
        extracted_at
    from merge_requests

)

select * from final

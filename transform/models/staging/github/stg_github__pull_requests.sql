{{ config(enabled=is_connector_enabled('github')) }}

with

source as (

    select * from {{ source('github', 'pull_requests') }}

),

renamed as (

    select
        connection,
        id as pull_request_id,
        node_id,
        repository_id,
        number,
        title_marker,
        lower(state) as state,
        is_draft,
        author_id,
        {{ to_utc('created_at') }} as created_at,
        {{ to_utc('updated_at') }} as updated_at,
        {{ to_utc('merged_at') }} as merged_at,
        {{ to_utc('closed_at') }} as closed_at,
        merged_by_id,
        base_branch,
        head_branch,
        head_sha,
        merge_sha,
        additions,
        deletions,
        changed_file_count,
        review_decision,
        mergeable,
        commit_count,
        reverts_sha,
        reverts_number,
        assistant_markers,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed

{{ config(enabled=is_connector_enabled('gitlab')) }}

with

source as (

    select * from {{ source('gitlab', 'merge_requests') }}

),

renamed as (

    select
        connection,
        id as merge_request_id,
        repository_id,
        number,
        title_marker,
        state,
        is_draft,
        author_id,
        {{ to_utc('created_at') }} as created_at,
        {{ to_utc('updated_at') }} as updated_at,
        {{ to_utc('merged_at') }} as merged_at,
        {{ to_utc('closed_at') }} as closed_at,
        merged_by_id,
        closed_by_id,
        base_branch,
        head_branch,
        head_sha,
        merge_commit_sha,
        squash_commit_sha,
        additions,
        deletions,
        changed_file_count,
        merge_status,
        reverts_sha,
        reverts_number,
        assistant_markers,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed

{{ config(enabled=is_connector_enabled('gitlab')) }}

with

pipelines as (

    select * from {{ ref('stg_gitlab__pipelines') }}

),

merge_requests as (

    select * from {{ ref('stg_gitlab__merge_requests') }}

),

versions as (

    select * from {{ ref('stg_gitlab__merge_request_versions') }}

),

referring as (

    select
        *,
        try_cast(
            nullif(regexp_extract(ref, '^refs/merge-requests/([0-9]+)/(head|merge)$', 1), '') as bigint
        ) as number,
        ref like 'refs/merge-requests/%/merge' as is_merged_result
    from pipelines

),

-- A merged-results pipeline runs on a commit that is thrown away; what it tests is the head of that time.
heads as (

    select
        referring.connection,
        referring.pipeline_id,
        max_by(versions.head_sha, versions.created_at) as head_sha
    from referring
    inner join merge_requests
        on
            referring.connection = merge_requests.connection
            and referring.repository_id = merge_requests.repository_id
            and referring.number = merge_requests.number
    inner join versions
        on
            merge_requests.connection = versions.connection
            and merge_requests.merge_request_id = versions.merge_request_id
            and referring.created_at >= versions.created_at
    where referring.is_merged_result
    group by referring.connection, referring.pipeline_id

),

final as (

    select
        referring.connection,
        referring.pipeline_id,
        referring.repository_id,
        referring.name,
        referring.source,
        coalesce(heads.head_sha, referring.sha) as sha,
        coalesce(merge_requests.head_branch, referring.ref) as branch,
        referring.status,
        referring.created_at,
        referring.started_at,
        referring.finished_at,
        referring.duration_seconds,
        referring.extracted_at
    from referring
    left join merge_requests
        on
            referring.connection = merge_requests.connection
            and referring.repository_id = merge_requests.repository_id
            and referring.number = merge_requests.number
    left join heads
        on
            referring.connection = heads.connection
            and referring.pipeline_id = heads.pipeline_id

)

select * from final

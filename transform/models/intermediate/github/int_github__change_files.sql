{{ config(enabled=is_connector_enabled('github')) }}

with

files as (

    select * from {{ ref('stg_github__pull_request_files') }}

),

final as (

    select
        connection,
        'github' as connector,
        pull_request_id || ':' || path as source_id,
        pull_request_id as change,
        repository_id as repository,
        path,
        additions,
        deletions,
        extracted_at
    from files

)

select * from final

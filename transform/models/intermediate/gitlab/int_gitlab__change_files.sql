{{ config(enabled=is_connector_enabled('gitlab')) }}

with

files as (

    select * from {{ ref('stg_gitlab__merge_request_files') }}

),

final as (

    select
        connection,
        'gitlab' as connector,
        merge_request_id || ':' || path as source_id,
        merge_request_id as change,
        repository_id as repository,
        path,
        additions,
        deletions,
        extracted_at
    from files

)

select * from final

{{ config(enabled=is_connector_enabled('gitlab')) }}

with

parents as (

    select * from {{ ref('stg_gitlab__commit_parents') }}

),

final as (

    select
        connection,
        'gitlab' as connector,
        repository_id || ':' || child_sha || ':' || parent_sha as source_id,
        repository_id as repository,
        child_sha,
        parent_sha,
        position,
        extracted_at
    from parents

)

select * from final

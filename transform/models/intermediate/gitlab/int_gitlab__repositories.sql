{{ config(enabled=is_connector_enabled('gitlab')) }}

with

repositories as (

    select * from {{ ref('stg_gitlab__repositories') }}

),

final as (

    select
        connection,
        'gitlab' as connector,
        repository_id as source_id,
        name,
        default_branch,
        is_archived,
        extracted_at
    from repositories

)

select * from final

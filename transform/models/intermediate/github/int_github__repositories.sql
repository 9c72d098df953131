{{ config(enabled=is_connector_enabled('github')) }}

with

repositories as (

    select * from {{ ref('stg_github__repositories') }}

),

final as (

    select
        connection,
        'github' as connector,
        repository_id as source_id,
        name,
        default_branch,
        is_archived,
        extracted_at
    from repositories

)

select * from final

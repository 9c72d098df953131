{{ config(enabled=is_connector_enabled('git')) }}

with

repositories as (

    select * from {{ ref('stg_git__repositories') }}

),

final as (

    select
        connection,
        'git' as connector,
        repository_id as source_id,
        name,
        default_branch,
        cast(null as boolean) as is_archived,
        extracted_at
    from repositories

)

select * from final

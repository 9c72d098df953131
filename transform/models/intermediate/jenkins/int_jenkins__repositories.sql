{{ config(enabled=is_connector_enabled('jenkins')) }}

with

repositories as (

    select * from {{ ref('stg_jenkins__repositories') }}

),

final as (

    select
        connection,
        'jenkins' as connector,
        repository_id as source_id,
        name,
        cast(null as string) as default_branch,
        cast(null as boolean) as is_archived,
        extracted_at
    from repositories

)

select * from final

{{ config(enabled=is_connector_enabled('gitlab')) }}

with

closed_issues as (

    select * from {{ ref('stg_gitlab__merge_request_issues') }}

),

final as (

    select
        connection,
        'gitlab' as connector,
        merge_request_id || ':' || issue_id || ':api' as source_id,
        issue_id as work_item,
        merge_request_id as change,
        cast(null as string) as change_repository,
        cast(null as bigint) as change_number,
        'api' as method,
        extracted_at
    from closed_issues

)

select * from final

{{ config(enabled=is_connector_enabled('github')) }}

with

closing_issues as (

    select * from {{ ref('stg_github__pull_request_closing_issues') }}

),

final as (

    select
        connection,
        'github' as connector,
        pull_request_id || ':' || issue_id || ':api' as source_id,
        issue_id as work_item,
        pull_request_id as change,
        cast(null as string) as change_repository,
        cast(null as bigint) as change_number,
        'api' as method,
        extracted_at
    from closing_issues

)

select * from final

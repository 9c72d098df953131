{{ config(enabled=is_connector_enabled('jira')) }}

with

issues as (

    select * from {{ ref('int_jira__live_issues') }}

),

change_links as (

    select * from {{ ref('stg_jira__change_links') }}

),

final as (

    select
        change_links.connection,
        'jira' as connector,
        change_links.repository || '#' || cast(change_links.number as string) || ':'
        || change_links.issue_id || ':api' as source_id,
        change_links.issue_id as work_item,
        cast(null as string) as change,
        change_links.repository as change_repository,
        change_links.number as change_number,
        'api' as method,
        max(change_links.extracted_at) as extracted_at
    from change_links
    inner join issues
        on
            change_links.connection = issues.connection
            and change_links.issue_id = issues.issue_id
    group by change_links.connection, change_links.issue_id, change_links.repository, change_links.number

)

select * from final

{{ config(enabled=is_connector_enabled('jira')) }}

with

issues as (

    select * from {{ ref('stg_jira__issues') }}

),

issue_keys as (

    select * from {{ ref('stg_jira__issue_keys') }}

),

final as (

    select
        issues.connection,
        issues.issue_id,
        {{ sorted_text('issue_keys.issue_key') }} as former_keys
    from issues
    inner join issue_keys
        on
            issues.connection = issue_keys.connection
            and issues.issue_id = issue_keys.issue_id
    where issues.issue_key <> issue_keys.issue_key
    group by issues.connection, issues.issue_id

)

select * from final

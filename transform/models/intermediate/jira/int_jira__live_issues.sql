{{ config(enabled=is_connector_enabled('jira')) }}

with

issues as (

    select * from {{ ref('stg_jira__issues') }}

),

reconciliations as (

    select * from {{ ref('stg_jira__reconciliations') }}

),

standing_issues as (

    select distinct
        connection,
        issue_id
    from {{ ref('stg_jira__standing_issues') }}

),

final as (

    select
        issues.connection,
        issues.issue_id,
        issues.issue_key,
        issues.project_id,
        issues.issue_type_id,
        issues.status_id,
        issues.status_name,
        issues.status_category,
        issues.resolution_id,
        issues.resolution_name,
        issues.parent_id,
        issues.creator_id,
        issues.reporter_id,
        issues.assignee_id,
        issues.due_on,
        issues.created_at,
        issues.updated_at,
        issues.resolved_at,
        issues.extracted_at
    from issues
    left join reconciliations
        on
            issues.connection = reconciliations.connection
            and issues.project_id = reconciliations.project_id
    left join standing_issues
        on
            issues.connection = standing_issues.connection
            and issues.issue_id = standing_issues.issue_id
    where
        standing_issues.issue_id is not null
        or reconciliations.reconciled_at is null
        or issues.extracted_at >= reconciliations.reconciled_at

)

select * from final

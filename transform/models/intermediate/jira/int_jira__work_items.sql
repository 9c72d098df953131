{{ config(enabled=is_connector_enabled('jira')) }}

with

issues as (

    select * from {{ ref('int_jira__live_issues') }}

),

issue_types as (

    select * from {{ ref('int_jira__issue_types') }}

),

projects as (

    select * from {{ ref('stg_jira__projects') }}

),

former_keys as (

    select * from {{ ref('int_jira__former_keys') }}

),

final as (

    select
        issues.connection,
        'jira' as connector,
        issues.issue_id as source_id,
        issues.project_id as project,
        projects.project_key,
        issues.issue_key as key,
        former_keys.former_keys,
        coalesce(issue_types.type, 'other') as type,
        issue_types.type_name as source_type,
        issues.status_id as status,
        issues.status_name,
        issues.status_category,
        case
            when issues.resolution_id is null then null
            when
                {{ matches(
                    'lower(issues.resolution_name)',
                    '^(won.?t (do|fix)|duplicate|can.?not reproduce|declined|rejected|cancell?ed|obsolete'
                    ~ '|invalid|incomplete|not a bug|abandoned|withdrawn|works as designed)$'
                ) }}
                then 'rejected'
            else 'done'
        end as resolution,
        issues.parent_id as parent,
        issues.reporter_id as reporter_account,
        issues.assignee_id as assignee_account,
        cast(issues.due_on as timestamp) + interval '1' day as due_at,
        issues.created_at,
        issues.updated_at,
        issues.resolved_at,
        issues.extracted_at
    from issues
    left join issue_types
        on
            issues.connection = issue_types.connection
            and issues.issue_type_id = issue_types.issue_type_id
    left join projects
        on
            issues.connection = projects.connection
            and issues.project_id = projects.project_id
    left join former_keys
        on
            issues.connection = former_keys.connection
            and issues.issue_id = former_keys.issue_id

)

select * from final

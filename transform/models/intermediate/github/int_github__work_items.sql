{{ config(enabled=is_connector_enabled('github')) }}

with

issues as (

    select * from {{ ref('stg_github__issues') }}

),

closings as (

    select
        connection,
        issue_id,
        max_by(state_reason, occurred_at) as state_reason
    from {{ ref('stg_github__issue_events') }}
    where type = 'ClosedEvent' and state_reason is not null
    group by connection, issue_id

),

repositories as (

    select * from {{ ref('stg_github__repositories') }}

),

final as (

    select
        issues.connection,
        'github' as connector,
        issues.issue_id as source_id,
        issues.repository_id as project,
        repositories.name as project_key,
        repositories.name || '#' || cast(issues.number as string) as key,
        cast(null as string) as former_keys,
        case
            when issues.type_label = 'enhancement' then 'feature'
            else coalesce(issues.type_label, 'other')
        end as type,
        coalesce(issues.type_label, 'issue') as source_type,
        lower(issues.state) as status,
        lower(issues.state) as status_name,
        case when issues.state = 'CLOSED' then 'done' else 'todo' end as status_category,
        case
            when issues.state <> 'CLOSED' then null
            when closings.state_reason in ('NOT_PLANNED', 'DUPLICATE') then 'rejected'
            else 'done'
        end as resolution,
        cast(null as string) as parent,
        issues.author_id as reporter_account,
        issues.assignee_id as assignee_account,
        cast(null as timestamp) as due_at,
        issues.created_at,
        issues.updated_at,
        issues.closed_at as resolved_at,
        issues.extracted_at
    from issues
    inner join repositories
        on
            issues.connection = repositories.connection
            and issues.repository_id = repositories.repository_id
    left join closings
        on
            issues.connection = closings.connection
            and issues.issue_id = closings.issue_id

)

select * from final

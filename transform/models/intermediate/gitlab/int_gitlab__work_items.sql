{{ config(enabled=is_connector_enabled('gitlab')) }}

with

issues as (

    select * from {{ ref('stg_gitlab__issues') }}

),

repositories as (

    select * from {{ ref('stg_gitlab__repositories') }}

),

final as (

    select
        issues.connection,
        'gitlab' as connector,
        issues.issue_id as source_id,
        issues.repository_id as project,
        repositories.name as project_key,
        repositories.name || '#' || cast(issues.number as string) as key,
        cast(null as string) as former_keys,
        case
            when lower(issues.type_label) in ('feature', 'bug', 'task', 'epic', 'incident')
                then lower(issues.type_label)
            when issues.type in ('incident', 'task', 'epic') then issues.type
            else 'other'
        end as type,
        coalesce(issues.type_label, issues.type) as source_type,
        case when issues.state = 'closed' then 'closed' else coalesce(issues.status_label_id, 'opened') end
            as status,
        case when issues.state = 'closed' then 'closed' else coalesce(issues.status_label, 'opened') end
            as status_name,
        case
            when issues.state = 'closed' then 'done'
            when issues.status_label is null then 'todo'
        end as status_category,
        cast(null as string) as resolution,
        cast(null as string) as parent,
        issues.author_id as reporter_account,
        issues.assignee_id as assignee_account,
        cast(issues.due_on as timestamp) + interval '1' day as due_at,
        issues.created_at,
        issues.updated_at,
        case when issues.state = 'closed' then issues.closed_at end as resolved_at,
        issues.extracted_at
    from issues
    inner join repositories
        on
            issues.connection = repositories.connection
            and issues.repository_id = repositories.repository_id

)

select * from final

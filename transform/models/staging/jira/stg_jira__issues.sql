{{ config(enabled=is_connector_enabled('jira')) }}

with

source as (

    select * from {{ source('jira', 'issues') }}

),

renamed as (

    select
        connection,
        id as issue_id,
        key as issue_key,
        project_id,
        issue_type_id,
        status_id,
        status_name,
        case status_category
            when 'new' then 'todo'
            when 'indeterminate' then 'in_progress'
            when 'done' then 'done'
        end as status_category,
        resolution_id,
        resolution_name,
        parent_id,
        creator_id,
        reporter_id,
        assignee_id,
        due_on,
        {{ to_utc('created_at') }} as created_at,
        {{ to_utc('updated_at') }} as updated_at,
        {{ to_utc('resolved_at') }} as resolved_at,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed

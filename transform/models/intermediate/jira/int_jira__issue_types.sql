{{ config(enabled=is_connector_enabled('jira')) }}

with

issue_types as (

    select * from {{ ref('stg_jira__issue_types') }}

),

final as (

    select
        connection,
        issue_type_id,
        type_name,
        case
            when is_subtask or hierarchy_level < 0 then 'subtask'
            when hierarchy_level > 0 then 'epic'
            when {{ matches('lower(type_name)', '(^|[^a-z])(bug|defect)([^a-z]|$)') }} then 'bug'
            when {{ matches('lower(type_name)', '(^|[^a-z])incident([^a-z]|$)') }} then 'incident'
            when
                {{ matches('lower(type_name)', '(^|[^a-z])(story|feature|improvement)([^a-z]|$)') }}
                then 'feature'
            when {{ matches('lower(type_name)', '(^|[^a-z])task([^a-z]|$)') }} then 'task'
            else 'other'
        end as type
    from issue_types

)

select * from final

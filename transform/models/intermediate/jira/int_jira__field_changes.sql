{{ config(enabled=is_connector_enabled('jira')) }}

-- A due day is the instant at which it ends. An issue keeps all sprints that it was ever in: the last of the
-- list is the one it is in, and names of lists are none of sprints.
with

issues as (

    select * from {{ ref('int_jira__live_issues') }}

),

issue_changes as (

    select
        *,
        case
            when field = 'duedate' then try_cast(left(from_value, 10) as date) + interval '1' day
        end as from_day_end,
        case
            when field = 'duedate' then try_cast(left(to_value, 10) as date) + interval '1' day
        end as to_day_end
    from {{ ref('stg_jira__issue_changes') }}

),

plain as (

    select
        issue_changes.connection,
        issue_changes.change_id,
        issue_changes.issue_id,
        case issue_changes.field when 'duedate' then 'due_at' else issue_changes.field end as field,
        case issue_changes.field
            when 'duedate' then cast(cast(issue_changes.from_day_end as date) as string) || 'T00:00:00Z'
            when 'sprint' then nullif(regexp_extract(issue_changes.from_value, '([0-9]+)[^0-9]*$', 1), '')
            else issue_changes.from_value
        end as from_value,
        case issue_changes.field
            when 'duedate' then cast(cast(issue_changes.to_day_end as date) as string) || 'T00:00:00Z'
            when 'sprint' then nullif(regexp_extract(issue_changes.to_value, '([0-9]+)[^0-9]*$', 1), '')
            else issue_changes.to_value
        end as to_value,
        case when issue_changes.field <> 'sprint' then issue_changes.from_name end as from_name,
        case when issue_changes.field <> 'sprint' then issue_changes.to_name end as to_name,
        issue_changes.occurred_at,
        issue_changes.actor_id,
        issue_changes.extracted_at
    from issue_changes
    inner join issues
        on
            issue_changes.connection = issues.connection
            and issue_changes.issue_id = issues.issue_id

)

select * from plain
where field = 'status' or from_value is distinct from to_value

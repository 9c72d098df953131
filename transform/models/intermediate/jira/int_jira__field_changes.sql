{{ config(enabled=is_connector_enabled('jira')) }}

{#- A due day as the instant at which it ends. -#}
{%- macro day_end(day) -%}
    cast(cast(try_cast(left({{ day }}, 10) as date) + interval '1' day as date) as string) || 'T00:00:00Z'
{%- endmacro -%}

{#- An issue keeps all sprints that it was ever in; the last of the list is the one it is in. -#}
{%- macro last_id(list) -%}
    nullif(regexp_extract({{ list }}, '([0-9]+)[^0-9]*$', 1), '')
{%- endmacro -%}

with

issues as (

    select * from {{ ref('int_jira__live_issues') }}

),

issue_changes as (

    select * from {{ ref('stg_jira__issue_changes') }}

),

plain as (

    select
        issue_changes.connection,
        issue_changes.change_id,
        issue_changes.issue_id,
        case when issue_changes.field = 'duedate' then 'due_at' else issue_changes.field end as field,
        case issue_changes.field
            when 'duedate' then {{ day_end('issue_changes.from_value') }}
            when 'sprint' then {{ last_id('issue_changes.from_value') }}
            else issue_changes.from_value
        end as from_value,
        case issue_changes.field
            when 'duedate' then {{ day_end('issue_changes.to_value') }}
            when 'sprint' then {{ last_id('issue_changes.to_value') }}
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

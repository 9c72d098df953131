{{ config(enabled=is_connector_enabled('gitlab')) }}

with

issues as (

    select * from {{ ref('stg_gitlab__issues') }}

),

statuses as (

    select * from {{ ref('int_gitlab__issue_statuses') }}

),

sprints as (

    select * from {{ ref('int_gitlab__issue_sprints') }}

),

assignees as (

    select * from {{ ref('int_gitlab__issue_assignees') }}

),

created as (

    select
        connection,
        issue_id,
        issue_id || ':created' as event_id,
        'created' as field,
        cast(null as string) as from_value,
        'opened' as to_value,
        cast(null as string) as from_name,
        'opened' as to_name,
        'todo' as to_category,
        created_at as occurred_at,
        author_id as actor_id
    from issues

),

status_steps as (

    select
        connection,
        issue_id,
        event_id,
        'status' as field,
        coalesce(
            lag(status) over (partition by connection, issue_id order by occurred_at, event_id), 'opened'
        ) as from_value,
        status as to_value,
        coalesce(
            lag(status_name) over (partition by connection, issue_id order by occurred_at, event_id), 'opened'
        ) as from_name,
        status_name as to_name,
        category as to_category,
        occurred_at,
        actor_id
    from statuses

),

united as (

    select * from created
    union all
    select * from status_steps
    where from_value <> to_value
    union all
    select
        connection,
        issue_id,
        event_id,
        'sprint' as field,
        from_iteration_id as from_value,
        to_iteration_id as to_value,
        cast(null as string) as from_name,
        cast(null as string) as to_name,
        cast(null as string) as to_category,
        occurred_at,
        actor_id
    from sprints
    union all
    select
        connection,
        issue_id,
        event_id,
        'assignee' as field,
        from_assignee_id as from_value,
        to_assignee_id as to_value,
        cast(null as string) as from_name,
        cast(null as string) as to_name,
        cast(null as string) as to_category,
        occurred_at,
        actor_id
    from assignees

),

final as (

    select
        united.connection,
        'gitlab' as connector,
        united.event_id as source_id,
        united.issue_id as work_item,
        united.field,
        united.from_value,
        united.to_value,
        united.from_name,
        united.to_name,
        united.to_category,
        united.occurred_at,
        united.actor_id as actor_account,
        'exact' as exactness,
        issues.extracted_at
    from united
    inner join issues
        on
            united.connection = issues.connection
            and united.issue_id = issues.issue_id

)

select * from final

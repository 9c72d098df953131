{{ config(enabled=is_connector_enabled('github')) }}

with

issues as (

    select * from {{ ref('stg_github__issues') }}

),

events as (

    select * from {{ ref('stg_github__issue_events') }}

),

-- The issue itself tells its last closing, which old histories lack; where both do, the event goes before.
statuses as (

    select
        connection,
        issue_id,
        event_id,
        occurred_at,
        actor_id,
        case when type = 'ClosedEvent' then 'closed' else 'open' end as status,
        1 as apply_order
    from events
    union all
    select
        connection,
        issue_id,
        issue_id || ':closed' as event_id,
        closed_at as occurred_at,
        cast(null as string) as actor_id,
        'closed' as status,
        2 as apply_order
    from issues
    where state = 'CLOSED' and closed_at is not null

),

-- An issue can be closed again while it is closed, for another reason: that is no step.
steps as (

    select
        *,
        coalesce(
            lag(status) over (
                partition by connection, issue_id order by occurred_at, apply_order, event_id
            ),
            'open'
        ) as from_status
    from statuses

),

united as (

    select
        connection,
        issue_id,
        issue_id || ':created' as event_id,
        'created' as field,
        cast(null as string) as from_value,
        'open' as to_value,
        created_at as occurred_at,
        author_id as actor_id
    from issues
    union all
    select
        connection,
        issue_id,
        event_id,
        'status' as field,
        from_status as from_value,
        status as to_value,
        occurred_at,
        actor_id
    from steps
    where from_status <> status

),

final as (

    select
        united.connection,
        'github' as connector,
        united.event_id as source_id,
        united.issue_id as work_item,
        united.field,
        united.from_value,
        united.to_value,
        united.from_value as from_name,
        united.to_value as to_name,
        case when united.to_value = 'closed' then 'done' else 'todo' end as to_category,
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

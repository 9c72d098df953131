{{ config(enabled=is_connector_enabled('gitlab')) }}

-- An issue may have several assignees, a ticket has one: whoever was assigned last and still is.
with

assignee_events as (

    select * from {{ ref('stg_gitlab__issue_assignee_events') }}

),

stays as (

    select
        connection,
        issue_id,
        assignee_id,
        action,
        occurred_at as assigned_at,
        event_id,
        lead(occurred_at) over (
            partition by connection, issue_id, assignee_id
            order by occurred_at, cast(split_part(event_id, ':', 1) as bigint)
        ) as ended_at
    from assignee_events

),

notes as (

    select
        connection,
        issue_id,
        occurred_at,
        max_by(split_part(event_id, ':', 1), cast(split_part(event_id, ':', 1) as bigint)) as note_id,
        max(actor_id) as actor_id
    from assignee_events
    group by connection, issue_id, occurred_at

),

assigned as (

    select
        notes.connection,
        notes.issue_id,
        notes.note_id,
        notes.occurred_at,
        notes.actor_id,
        max_by(stays.assignee_id, (stays.assigned_at, stays.event_id)) as assignee_id
    from notes
    left join stays
        on
            notes.connection = stays.connection
            and notes.issue_id = stays.issue_id
            and stays.action = 'add'
            and notes.occurred_at >= stays.assigned_at
            and (stays.ended_at is null or notes.occurred_at < stays.ended_at)
    group by notes.connection, notes.issue_id, notes.note_id, notes.occurred_at, notes.actor_id

),

steps as (

    select
        *,
        lag(assignee_id) over (partition by connection, issue_id order by occurred_at) as from_assignee_id
    from assigned

),

final as (

    select
        connection,
        issue_id,
        'note:' || note_id as event_id,
        occurred_at,
        actor_id,
        from_assignee_id,
        assignee_id as to_assignee_id
    from steps
    where assignee_id is distinct from from_assignee_id

)

select * from final

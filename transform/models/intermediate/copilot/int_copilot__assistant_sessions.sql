{{ config(enabled=is_connector_enabled('copilot')) }}

with

tasks as (

    select * from {{ ref('stg_copilot__agent_tasks') }}

),

sessions as (

    select * from {{ ref('stg_copilot__agent_task_sessions') }}

),

worked as (

    select
        connection,
        task_id,
        max(completed_at) as completed_at,
        count(*) = count(completed_at) as is_complete
    from sessions
    group by connection, task_id

),

-- a task may be taken up again by a further session: it has ended when none is open
final as (

    select
        tasks.connection,
        'copilot' as connector,
        tasks.task_id as source_id,
        'copilot' as tool,
        'agent_task' as kind,
        tasks.creator_id as account,
        tasks.created_at as started_at,
        case
            when tasks.state in ('queued', 'in_progress', 'waiting_for_user') then null
            when worked.is_complete then worked.completed_at
        end as ended_at,
        tasks.extracted_at
    from tasks
    left join worked
        on
            tasks.connection = worked.connection
            and tasks.task_id = worked.task_id

)

select * from final

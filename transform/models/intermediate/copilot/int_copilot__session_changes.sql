{{ config(enabled=is_connector_enabled('copilot')) }}

with

artifacts as (

    select * from {{ ref('stg_copilot__agent_task_artifacts') }}

),

tasks as (

    select * from {{ ref('stg_copilot__agent_tasks') }}

),

final as (

    select
        artifacts.connection,
        'copilot' as connector,
        artifacts.task_id || '|' || artifacts.type || '|' || artifacts.reference as source_id,
        artifacts.task_id as session,
        tasks.repository_id as repository,
        case when artifacts.type = 'pull' then artifacts.reference end as change,
        case when artifacts.type = 'branch' then artifacts.reference end as branch,
        cast(null as string) as sha,
        case when artifacts.type = 'pull' then 'vendor_record' else 'branch' end as method,
        artifacts.extracted_at
    from artifacts
    inner join tasks
        on
            artifacts.connection = tasks.connection
            and artifacts.task_id = tasks.task_id

)

select * from final

{{ config(enabled=is_connector_enabled('gitlab')) }}

with

iteration_events as (

    select * from {{ ref('stg_gitlab__issue_iteration_events') }}

),

steps as (

    select
        connection,
        issue_id,
        event_id,
        occurred_at,
        actor_id,
        case when action = 'add' then iteration_id end as to_iteration_id
    from iteration_events

),

final as (

    select
        connection,
        issue_id,
        'iteration:' || event_id as event_id,
        occurred_at,
        actor_id,
        lag(to_iteration_id) over (
            partition by connection, issue_id order by occurred_at, cast(event_id as bigint)
        ) as from_iteration_id,
        to_iteration_id
    from steps

)

select * from final

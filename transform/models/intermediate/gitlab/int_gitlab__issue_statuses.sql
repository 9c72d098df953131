{{ config(enabled=is_connector_enabled('gitlab')) }}

with

label_events as (

    select * from {{ ref('stg_gitlab__issue_label_events') }}

),

state_events as (

    select * from {{ ref('stg_gitlab__issue_state_events') }}

),

-- A scoped label drives out the one before it: the removal is no step of its own.
steps as (

    select
        connection,
        issue_id,
        'label:' || event_id as event_id,
        occurred_at,
        actor_id,
        case when action = 'add' then label_id else 'opened' end as status,
        case when action = 'add' then label else 'opened' end as status_name,
        cast(null as string) as state,
        case when action = 'add' then 2 else 1 end as apply_order
    from label_events
    where label_id is not null
    union all
    select
        connection,
        issue_id,
        'state:' || event_id as event_id,
        occurred_at,
        actor_id,
        cast(null as string) as status,
        cast(null as string) as status_name,
        state,
        3 as apply_order
    from state_events
    where state in ('closed', 'reopened')

),

standing as (

    select
        *,
        coalesce({{ last_known(
            'status', 'partition by connection, issue_id order by occurred_at, apply_order, event_id'
        ) }}, 'opened') as label_status,
        coalesce({{ last_known(
            'status_name', 'partition by connection, issue_id order by occurred_at, apply_order, event_id'
        ) }}, 'opened') as label_status_name,
        coalesce({{ last_known(
            'state', 'partition by connection, issue_id order by occurred_at, apply_order, event_id'
        ) }}, 'reopened') = 'closed' as is_closed,
        row_number() over (
            partition by connection, issue_id, occurred_at order by apply_order desc, event_id desc
        ) = 1 as is_last_of_second
    from steps

),

final as (

    select
        connection,
        issue_id,
        event_id,
        occurred_at,
        actor_id,
        case when is_closed then 'closed' else label_status end as status,
        case when is_closed then 'closed' else label_status_name end as status_name,
        case
            when is_closed then 'done'
            when label_status = 'opened' then 'todo'
        end as category
    from standing
    where is_last_of_second

)

select * from final

with

events as (

    select * from {{ ref('deployment_events') }}

),

horizons as (

    select * from {{ ref('int_flow__horizons') }}

),

-- within one second a gate opens before it is decided, and is decided before the deployment goes on
known as (

    select
        events.connection,
        events.deployment,
        events.source_id as event_id,
        events.type,
        events.occurred_at,
        events.actor_account,
        case
            when events.type = 'gate_opened' then 1
            when events.type in ('gate_approved', 'gate_rejected') then 2
            else 3
        end as apply_order
    from events
    inner join horizons
        on events.connection = horizons.connection
    where
        events.occurred_at <= horizons.events_until_at
        and events.type not in ('created', 'superseded')

),

followed as (

    select
        *,
        lag(type) over (
            partition by connection, deployment order by occurred_at, apply_order, event_id
        ) as previous_type,
        {%- for column in ['occurred_at', 'type'] %}
            {{ first_known(
                "case when type <> 'gate_opened' then " ~ column ~ " end",
                'partition by connection, deployment order by occurred_at, apply_order, event_id'
                ~ ' rows between 1 following and unbounded following'
            ) }} as next_{{ column }},
        {%- endfor %}
        max(case when type in ('gate_approved', 'gate_rejected') then occurred_at end) over (
            partition by connection, deployment order by occurred_at, apply_order, event_id
        ) as last_decision_at,
        count(case when type = 'gate_opened' then 1 end) over (
            partition by connection, deployment order by occurred_at, apply_order, event_id
        ) as opening_count
    from known

)

-- a decision that only stands before its opening is kept, for the measure to be called impossible
select
    connection,
    deployment,
    event_id,
    occurred_at as opened_at,
    coalesce(next_occurred_at, case when opening_count = 1 then last_decision_at end) as decided_at,
    next_type in ('gate_rejected', 'cancelled', 'failed') as is_refused
from followed
where type = 'gate_opened' and previous_type is distinct from 'gate_opened'

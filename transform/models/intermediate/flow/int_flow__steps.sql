with

spans as (

    select * from {{ ref('int_flow__change_spans') }}

),

lifecycle_steps as (

    select * from {{ ref('int_flow__lifecycle_steps') }}

),

review_steps as (

    select * from {{ ref('int_flow__review_steps') }}

),

rule_steps as (

    select * from {{ ref('int_flow__rule_steps') }}

),

check_steps as (

    select * from {{ ref('int_flow__check_steps') }}

),

all_steps as (

    select
        change_key,
        'started' as fact,
        build_started_at as occurred_at,
        cast(null as string) as event_id,
        0 as delta
    from spans
    union all
    select
        change_key,
        fact,
        occurred_at,
        cast(null as string) as event_id,
        delta
    from lifecycle_steps
    union all
    select
        change_key,
        fact,
        occurred_at,
        cast(null as string) as event_id,
        delta
    from review_steps
    union all
    select
        change_key,
        fact,
        occurred_at,
        event_id,
        delta
    from rule_steps
    union all
    select
        change_key,
        fact,
        occurred_at,
        event_id,
        delta
    from check_steps

),

within_spans as (

    select
        all_steps.change_key,
        all_steps.fact,
        all_steps.event_id,
        all_steps.delta,
        greatest(all_steps.occurred_at, spans.build_started_at) as occurred_at
    from all_steps
    inner join spans
        on all_steps.change_key = spans.change_key
    where
        all_steps.occurred_at < spans.ended_at
        or (
            spans.ended_at is null
            and all_steps.occurred_at <= spans.events_until_at
        )

)

select * from within_spans

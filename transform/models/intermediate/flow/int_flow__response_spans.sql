with

change_events as (

    select * from {{ ref('int_flow__change_events') }}

),

turns as (

    select
        *,
        sum(case when type in ('ready_for_review', 'reopened') then 1 else 0 end) over (
            partition by change_key order by sequence rows between unbounded preceding and current row
        ) as turn,
        min(case when type in ('ready_for_review', 'reopened') then occurred_at end) over (
            partition by change_key order by sequence rows between 1 following and unbounded following
        ) as next_turn_at
    from change_events

),

response_spans as (

    select
        change_key,
        sequence,
        event_id,
        occurred_at as started_at,
        next_turn_at as ended_at,
        row_number() over (partition by change_key order by sequence) = 1 as is_first
    from turns
    where is_response
    qualify row_number() over (partition by change_key, turn order by sequence) = 1

)

select * from response_spans

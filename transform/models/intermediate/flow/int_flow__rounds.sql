{{ config(materialized='table') }}

with

review_events as (

    select * from {{ ref('int_flow__review_events') }}

),

rounds as (

    select
        change_key,
        round_number,
        min(ended_at) as change_ended_at,
        min(occurred_at) as started_at,
        min(sequence) as start_sequence,
        max(sequence) as end_sequence
    from review_events
    where round_number > 0
    group by change_key, round_number

)

select
    *,
    lead(started_at) over (partition by change_key order by round_number) as next_started_at
from rounds

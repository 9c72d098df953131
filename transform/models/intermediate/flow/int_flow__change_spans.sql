{{ config(materialized='table') }}

with

changes as (

    select * from {{ ref('int_flow__changes') }}

),

closings as (

    select * from {{ ref('int_flow__closings') }}

),

closing_totals as (

    select
        change_key,
        cast(coalesce(sum({{ seconds_between('closed_at', 'resumed_at') }}), 0) as bigint) as closed_seconds,
        max(case when resumed_at is null then closed_at end) as closed_for_good_at
    from closings
    group by change_key

),

spans as (

    select
        changes.change_key,
        changes.connection,
        changes.build_started_at,
        changes.created_at,
        case
            when changes.merged_at is not null then 'merged'
            when closing_totals.closed_for_good_at is not null then 'closed'
            else 'open'
        end as state,
        coalesce(changes.merged_at, closing_totals.closed_for_good_at) as ended_at,
        changes.events_until_at,
        coalesce(closing_totals.closed_seconds, 0) as closed_seconds
    from changes
    left join closing_totals
        on changes.change_key = closing_totals.change_key

)

select * from spans

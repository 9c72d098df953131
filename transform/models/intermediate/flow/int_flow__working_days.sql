{{ config(materialized='table') }}

with

calendar_days as (

    select * from {{ ref('int_flow__calendar_days') }}

),

working_days as (

    select
        calendar,
        version,
        valid_from,
        valid_to,
        local_date as utc_date,
        coalesce(lag(cumulative_seconds) over neighbours, cumulative_seconds) as seconds_before,
        lag(work_start_at) over neighbours as previous_start_at,
        lag(work_end_at) over neighbours as previous_end_at,
        work_start_at as same_start_at,
        work_end_at as same_end_at,
        lead(work_start_at) over neighbours as next_start_at,
        lead(work_end_at) over neighbours as next_end_at
    from calendar_days
    window neighbours as (partition by calendar, version order by local_date)

)

select * from working_days

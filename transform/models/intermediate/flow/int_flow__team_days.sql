{{ config(materialized='table') }}

with

teams as (

    select * from {{ ref('stg_flowgauge__teams') }}

),

working_days as (

    select * from {{ ref('int_flow__working_days') }}

),

team_days as (

    select
        {{ surrogate_key('team', 'teams.team') }} as team_key,
        working_days.calendar,
        working_days.version,
        working_days.utc_date,
        working_days.seconds_before,
        working_days.previous_start_at,
        working_days.previous_end_at,
        working_days.same_start_at,
        working_days.same_end_at,
        working_days.next_start_at,
        working_days.next_end_at
    from teams
    inner join working_days
        on
            teams.calendar = working_days.calendar
            and {{ is_valid_at('teams', 'working_days.utc_date') }}
            and {{ is_valid_at('working_days', 'working_days.utc_date') }}

)

select * from team_days

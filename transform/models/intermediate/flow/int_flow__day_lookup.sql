with

reporting_days as (

    select * from {{ ref('int_flow__reporting_days') }}

),

day_lookup as (

    select
        cast(starts_at as date) as utc_date,
        day_number,
        week_start,
        starts_at,
        ends_at
    from reporting_days
    union all
    select
        cast(ends_at as date) as utc_date,
        day_number,
        week_start,
        starts_at,
        ends_at
    from reporting_days
    where cast(starts_at as date) < cast(ends_at as date)

)

select * from day_lookup

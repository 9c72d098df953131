with

reporting_days as (

    select * from {{ ref('stg_flowgauge__reporting_days') }}

),

described as (

    select
        {{ surrogate_key('date', 'cast(date_day as string)') }} as date_key,
        date_day,
        {{ integer_division(epoch_seconds('cast(date_day as timestamp)'), 86400) }} as day_number,
        starts_at,
        ends_at,
        {{ seconds_between('starts_at', 'ends_at') }} as day_seconds,
        week_start,
        iso_week,
        cast(date_trunc('month', date_day) as date) as month_start,
        cast(date_trunc('quarter', date_day) as date) as quarter_start,
        cast(date_trunc('year', date_day) as date) as year_start,
        1 + {{ integer_division(
            seconds_between('cast(week_start as timestamp)', 'cast(date_day as timestamp)'), 86400
        ) }} as iso_weekday
    from reporting_days

)

select
    *,
    iso_weekday >= 6 as is_weekend
from described

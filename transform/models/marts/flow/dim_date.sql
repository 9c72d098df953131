with

reporting_days as (

    select * from {{ ref('int_flow__reporting_days') }}

)

select
    date_key,
    date_day,
    starts_at,
    ends_at,
    day_seconds,
    week_start,
    iso_week,
    iso_weekday,
    is_weekend,
    month_start,
    quarter_start,
    year_start
from reporting_days

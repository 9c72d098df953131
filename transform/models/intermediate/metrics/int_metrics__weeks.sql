with

reporting_days as (

    select * from {{ ref('int_flow__reporting_days') }}

),

maturity as (

    select * from {{ ref('int_metrics__maturity') }}

),

weeks as (

    select
        week_start,
        {{ integer_division('min(day_number) + 3', '7') }} as week_number,
        min(starts_at) as starts_at,
        max(ends_at) as ends_at
    from reporting_days
    group by week_start

)

select
    weeks.week_start,
    weeks.week_number,
    weeks.starts_at,
    weeks.ends_at,
    weeks.ends_at <= maturity.told_until_at as is_over
from weeks
cross join maturity
where weeks.starts_at < maturity.as_of

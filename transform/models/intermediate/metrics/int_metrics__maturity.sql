with

targets as (

    select * from {{ ref('stg_flowgauge__targets') }}

),

as_of as (

    select * from {{ ref('int_flow__as_of') }}

),

horizons as (

    select * from {{ ref('int_flow__horizons') }}

),

-- what one connection has not told yet may belong to any figure
told as (

    select min(observed_until_at) as told_until_at
    from horizons

),

days as (

    select
        max(case when name = 'failure_maturity_days' then value end) as failure_days,
        max(case when name = 'adoption_maturity_days' then value end) as adoption_days,
        max(case when name = 'idle_days' then value end) as idle_days
    from targets

)

select
    as_of.as_of,
    coalesce(told.told_until_at, as_of.as_of) as told_until_at,
    cast(days.failure_days * 86400 as bigint) as failure_seconds,
    cast(days.adoption_days * 86400 as bigint) as adoption_seconds,
    cast(days.idle_days * 86400 as bigint) as idle_seconds
from as_of
cross join told
cross join days

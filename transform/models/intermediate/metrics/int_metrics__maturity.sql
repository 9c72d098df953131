with

targets as (

    select * from {{ ref('stg_flowgauge__targets') }}

),

as_of as (

    select * from {{ ref('int_flow__as_of') }}

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
    cast(days.failure_days * 86400 as bigint) as failure_seconds,
    cast(days.adoption_days * 86400 as bigint) as adoption_seconds,
    cast(days.idle_days * 86400 as bigint) as idle_seconds
from as_of
cross join days

with

horizons as (

    select * from {{ ref('int_flow__horizons') }}

),

day_lookup as (

    select * from {{ ref('int_flow__day_lookup') }}

),

-- items of several systems, such as a ticket with its changes, are known until the last look at any of them
looks as (

    select
        connection,
        observed_until_at
    from horizons
    union all
    select
        '' as connection,
        max(observed_until_at) as observed_until_at
    from horizons

)

select
    looks.connection,
    looks.observed_until_at,
    day_lookup.day_number as last_day_number
from looks
inner join day_lookup
    on
        cast({{ add_seconds('looks.observed_until_at', -1) }} as date) = day_lookup.utc_date
        and looks.observed_until_at > day_lookup.starts_at
        and looks.observed_until_at <= day_lookup.ends_at

with

all_visits as (

    select * from {{ ref('int_items__all_visits') }}

),

connection_horizons as (

    select * from {{ ref('int_flow__connection_horizons') }}

),

day_lookup as (

    select * from {{ ref('int_flow__day_lookup') }}

),

reporting_days as (

    select * from {{ ref('int_flow__reporting_days') }}

),

ranges as (

    select
        all_visits.*,
        connection_horizons.observed_until_at,
        first_days.day_number as first_day_number,
        least(last_days.day_number, connection_horizons.last_day_number) as last_day_number
    from all_visits
    inner join connection_horizons
        on all_visits.connection = connection_horizons.connection
    inner join day_lookup as first_days
        on
            cast(all_visits.entered_at as date) = first_days.utc_date
            and all_visits.entered_at >= first_days.starts_at
            and all_visits.entered_at < first_days.ends_at
    left join day_lookup as last_days
        on
            cast(all_visits.exited_at as date) = last_days.utc_date
            and all_visits.exited_at >= last_days.starts_at
            and all_visits.exited_at < last_days.ends_at

),

countable as (

    select * from ranges
    where first_day_number <= last_day_number

),

numbered as (

    select
        countable.*,
        day_number.day_number
    from countable
    {{ cross_unnest(integer_series('first_day_number', 'last_day_number'), 'day_number') }}

)

select
    numbered.flow_item_type,
    numbered.stage_key,
    {{ known_key('numbered.team_key') }} as team_key,
    {{ known_key('numbered.service_key') }} as service_key,
    {{ known_key('numbered.repository_key') }} as repository_key,
    numbered.entered_at,
    numbered.exited_at,
    numbered.exit_reason,
    reporting_days.date_key,
    reporting_days.date_day,
    reporting_days.starts_at,
    reporting_days.ends_at,
    least(reporting_days.ends_at, numbered.observed_until_at) as counted_until_at,
    coalesce(numbered.exited_at >= reporting_days.ends_at, true) as is_open_at_end
from numbered
inner join reporting_days
    on numbered.day_number = reporting_days.day_number

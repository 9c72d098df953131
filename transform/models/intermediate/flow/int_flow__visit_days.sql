with

owned_visits as (

    select * from {{ ref('int_flow__owned_visits') }}

),

repository_horizons as (

    select * from {{ ref('int_flow__repository_horizons') }}

),

day_lookup as (

    select * from {{ ref('int_flow__day_lookup') }}

),

reporting_days as (

    select * from {{ ref('int_flow__reporting_days') }}

),

ranges as (

    select
        owned_visits.*,
        repository_horizons.observed_until_at,
        first_days.day_number as first_day_number,
        least(last_days.day_number, repository_horizons.last_day_number) as last_day_number
    from owned_visits
    inner join repository_horizons
        on owned_visits.repository_key = repository_horizons.repository_key
    inner join day_lookup as first_days
        on
            cast(owned_visits.entered_at as date) = first_days.utc_date
            and owned_visits.entered_at >= first_days.starts_at
            and owned_visits.entered_at < first_days.ends_at
    left join day_lookup as last_days
        on
            cast(owned_visits.exited_at as date) = last_days.utc_date
            and owned_visits.exited_at >= last_days.starts_at
            and owned_visits.exited_at < last_days.ends_at

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
    'change' as flow_item_type,
    numbered.stage_key,
    {{ known_key('numbered.team_key') }} as team_key,
    {{ known_key('numbered.service_key') }} as service_key,
    numbered.repository_key,
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

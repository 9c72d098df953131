with

repositories as (

    select * from {{ ref('repositories') }}

),

horizons as (

    select * from {{ ref('int_flow__horizons') }}

),

day_lookup as (

    select * from {{ ref('int_flow__day_lookup') }}

),

repository_horizons as (

    select
        {{ surrogate_key('repository', 'repositories.connection', 'repositories.source_id') }}
            as repository_key,
        horizons.observed_until_at,
        day_lookup.day_number as last_day_number
    from repositories
    inner join horizons
        on repositories.connection = horizons.connection
    inner join day_lookup
        on
            cast({{ add_seconds('horizons.observed_until_at', -1) }} as date) = day_lookup.utc_date
            and horizons.observed_until_at > day_lookup.starts_at
            and horizons.observed_until_at <= day_lookup.ends_at

)

select * from repository_horizons

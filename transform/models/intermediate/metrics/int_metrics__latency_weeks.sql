with

latencies as (

    select * from {{ ref('int_metrics__latencies') }}

),

repository_horizons as (

    select * from {{ ref('int_flow__repository_horizons') }}

),

as_of as (

    select * from {{ ref('int_flow__as_of') }}

),

day_lookup as (

    select * from {{ ref('int_flow__day_lookup') }}

),

observed as (

    select
        latencies.*,
        coalesce(repository_horizons.observed_until_at, as_of.as_of) as observed_until_at
    from latencies
    cross join as_of
    left join repository_horizons
        on latencies.repository_key = repository_horizons.repository_key

),

bounded as (

    select
        *,
        coalesce(ended_at, observed_until_at) as followed_until_at
    from observed
    where started_at <= observed_until_at

)

select
    bounded.kind,
    bounded.subject,
    bounded.team_key,
    bounded.service_key,
    bounded.started_at,
    bounded.ended_at,
    bounded.outcome,
    bounded.observed_until_at,
    bounded.followed_until_at,
    {{ integer_division('first_days.day_number + 3', '7') }} as first_week_number,
    {{ integer_division('last_days.day_number + 3', '7') }} as last_week_number
from bounded
inner join day_lookup as first_days
    on
        cast(bounded.started_at as date) = first_days.utc_date
        and bounded.started_at >= first_days.starts_at
        and bounded.started_at < first_days.ends_at
inner join day_lookup as last_days
    on
        cast(bounded.followed_until_at as date) = last_days.utc_date
        and bounded.followed_until_at >= last_days.starts_at
        and bounded.followed_until_at < last_days.ends_at

{{ config(tags=['clock']) }}

with

segments as (

    select * from {{ ref('int_metrics__pool_segments') }}

),

maturity as (

    select * from {{ ref('int_metrics__maturity') }}

),

hours as (

    select
        segments.*,
        hour.hour
    from segments
    {{ cross_unnest(
        integer_series(
            integer_division(epoch_seconds('starts_at'), 3600),
            integer_division(epoch_seconds('ends_at') ~ ' - 1', 3600)
        ),
        'hour'
    ) }}

),

cut as (

    select
        *,
        least({{ epoch_seconds('ends_at') }}, hour * 3600 + 3600)
        - greatest({{ epoch_seconds('starts_at') }}, hour * 3600) as seconds
    from hours

),

summed as (

    select
        runner_pool_key,
        {{ add_seconds("timestamp '1970-01-01'", 'hour * 3600') }} as hour_starts_at,
        max(observed_cap) as observed_cap,
        max(running_count) as running_max_count,
        cast(sum(running_count * seconds) as bigint) as running_seconds,
        cast(sum(queued_count * seconds) as bigint) as queued_seconds,
        cast(coalesce(sum(case when is_saturated then seconds end), 0) as bigint) as saturated_seconds,
        cast(coalesce(sum(case when is_saturated then queued_count * seconds end), 0) as bigint)
            as saturated_queued_seconds
    from cut
    group by runner_pool_key, hour

)

select
    {{ surrogate_key(
        'ci_capacity_hourly', 'cast(summed.hour_starts_at as string)', 'summed.runner_pool_key'
    ) }}
        as ci_capacity_hourly_key,
    summed.hour_starts_at,
    days.week_start,
    summed.runner_pool_key,
    summed.observed_cap,
    summed.running_max_count,
    summed.running_seconds,
    summed.queued_seconds,
    summed.saturated_seconds,
    summed.saturated_queued_seconds,
    cast(summed.saturated_queued_seconds as double) / nullif(summed.queued_seconds, 0)
        as saturated_wait_share,
    case when summed.queued_seconds = 0 then 'not_applicable' end as saturated_wait_share_null_reason,
    {{ add_seconds('summed.hour_starts_at', 3600) }} <= maturity.told_until_at as is_final
from summed
cross join maturity
{{ join_reporting_day('summed.hour_starts_at', 'days') }}

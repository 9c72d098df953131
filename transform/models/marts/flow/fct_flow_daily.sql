{{ config(tags=['clock']) }}

with

visit_days as (

    select * from {{ ref('int_flow__visit_days') }}

),

counted as (

    select
        *,
        {{ seconds_between('starts_at', 'counted_until_at') }} as day_seconds,
        {{ seconds_between(
            'greatest(entered_at, starts_at)', 'least(exited_at, counted_until_at)'
        ) }} as open_seconds,
        case
            when is_open_at_end then {{ seconds_between('entered_at', 'counted_until_at') }}
        end as age_seconds
    from visit_days

),

daily as (

    select
        flow_item_type,
        stage_key,
        team_key,
        service_key,
        repository_key,
        date_key,
        date_day,
        count(case when entered_at >= starts_at then 1 end) as arrivals,
        count(case when not is_open_at_end and exit_reason != 'abandoned' then 1 end) as departures,
        count(case when not is_open_at_end and exit_reason = 'abandoned' then 1 end) as abandonments,
        count(case when is_open_at_end then 1 end) as wip_open,
        cast(sum(open_seconds) as double) / max(day_seconds) as wip_time_weighted,
        percentile_cont(0.5) within group (order by age_seconds) as age_p50_seconds,
        percentile_cont(0.9) within group (order by age_seconds) as age_p90_seconds
    from counted
    group by flow_item_type, stage_key, team_key, service_key, repository_key, date_key, date_day

)

select
    {{ surrogate_key(
        'flow_daily', 'flow_item_type', 'stage_key', 'team_key', 'service_key', 'repository_key', 'date_key'
    ) }} as flow_daily_key,
    daily.*
from daily

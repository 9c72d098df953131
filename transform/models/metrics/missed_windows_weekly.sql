{{ config(tags=['clock']) }}

{#- By the week of the first promise: what never arrives is missed, too, as soon as its day is over. -#}
with

work_items as (

    select * from {{ ref('fct_work_items') }}

),

connection_horizons as (

    select * from {{ ref('int_flow__connection_horizons') }}
    where connection = ''

),

weeks as (

    select * from {{ ref('int_metrics__weeks') }}

),

due as (

    select
        work_items.team_key,
        work_items.due_push_count,
        days.week_start,
        case
            when work_items.is_window_missed is not null then work_items.is_window_missed
            when work_items.rejected_at is not null then true
            when
                work_items.is_window_missed_null_reason = 'not_yet'
                and work_items.first_due_at < connection_horizons.observed_until_at
                then true
        end as is_missed,
        coalesce(
            work_items.is_window_missed_null_reason = 'not_yet'
            and work_items.first_due_at >= connection_horizons.observed_until_at,
            false
        ) as is_running
    from work_items
    cross join connection_horizons
    {{ join_reporting_day('work_items.first_due_at', 'days') }}
    where coalesce(work_items.rejected_at >= work_items.first_due_at, true)

),

scopes as (

    {{ scoped('due', {'team': 'team_key'}) }}

),

counts as (

    select
        week_start,
        scope,
        scope_key,
        count(*) as due_count,
        count(is_missed) as judged_count,
        count(case when is_missed then 1 end) as missed_count,
        count(case when is_running then 1 end) as running_count,
        count(case when due_push_count > 0 then 1 end) as pushed_count,
        cast(sum(due_push_count) as bigint) as due_push_count
    from scopes
    group by week_start, scope, scope_key

)

select
    {{ surrogate_key(
        'missed_windows_weekly', 'cast(counts.week_start as string)', 'counts.scope', 'counts.scope_key'
    ) }}
        as missed_windows_weekly_key,
    counts.week_start,
    counts.scope,
    case when counts.scope = 'team' then counts.scope_key end as team_key,
    counts.due_count,
    counts.judged_count,
    counts.missed_count,
    {{ share_columns('missed_share', 'counts.missed_count', 'counts.judged_count') }},
    counts.running_count,
    counts.pushed_count,
    counts.due_push_count,
    weeks.is_over and counts.running_count = 0 as is_final
from counts
inner join weeks
    on counts.week_start = weeks.week_start

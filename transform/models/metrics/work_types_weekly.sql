{{ config(tags=['clock']) }}

with

work_items as (

    select * from {{ ref('fct_work_items') }}

),

weeks as (

    select * from {{ ref('int_metrics__weeks') }}

),

dated as (

    select
        work_items.type,
        work_items.team_key,
        days.week_start
    from work_items
    {{ join_reporting_day('work_items.done_at', 'days') }}

),

scopes as (

    {{ scoped('dated', {'team': 'team_key'}) }}

),

counts as (

    select
        week_start,
        scope,
        scope_key,
        type,
        count(*) as finished_count
    from scopes
    group by week_start, scope, scope_key, type

),

totals as (

    select
        *,
        cast(sum(finished_count) over (partition by week_start, scope, scope_key) as bigint)
            as all_finished_count
    from counts

)

select
    {{ surrogate_key(
        'work_types_weekly', 'cast(totals.week_start as string)', 'totals.scope', 'totals.scope_key', 'totals.type'
    ) }}
        as work_types_weekly_key,
    totals.week_start,
    totals.scope,
    case when totals.scope = 'team' then totals.scope_key end as team_key,
    totals.type as work_type,
    totals.finished_count,
    totals.all_finished_count,
    {{ share_columns('finished_share', 'totals.finished_count', 'totals.all_finished_count') }},
    weeks.is_over as is_final
from totals
inner join weeks
    on totals.week_start = weeks.week_start

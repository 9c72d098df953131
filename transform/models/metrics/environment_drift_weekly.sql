{{ config(tags=['clock']) }}

with

looks as (

    select * from {{ ref('int_metrics__environment_looks') }}

),

weeks as (

    select * from {{ ref('int_metrics__weeks') }}

),

dated as (

    select
        looks.*,
        days.week_start
    from looks
    {{ join_reporting_day('looks.observed_at', 'days') }}

),

scopes as (

    {{ scoped('dated', {'repository': 'repository_key'}) }}

),

counts as (

    select
        week_start,
        scope,
        scope_key,
        count(*) as look_count,
        count(is_other_than_declared) as declared_count,
        count(case when is_other_than_declared then 1 end) as other_than_declared_count,
        count(is_undeployed) as deployed_count,
        count(case when is_undeployed then 1 end) as undeployed_count,
        count(has_plan_drift) as plan_count,
        count(case when has_plan_drift then 1 end) as drifting_plan_count
    from scopes
    group by week_start, scope, scope_key

)

select
    {{ surrogate_key(
        'environment_drift_weekly', 'cast(counts.week_start as string)', 'counts.scope', 'counts.scope_key'
    ) }}
        as environment_drift_weekly_key,
    counts.week_start,
    counts.scope,
    case when counts.scope = 'repository' then counts.scope_key end as repository_key,
    counts.look_count,
    {%- for share, part, whole in [
        ('other_than_declared_share', 'other_than_declared_count', 'declared_count'),
        ('undeployed_share', 'undeployed_count', 'deployed_count'),
        ('drifting_plan_share', 'drifting_plan_count', 'plan_count'),
    ] %}
        counts.{{ whole }},
        counts.{{ part }},
        {{ share_columns(share, 'counts.' ~ part, 'counts.' ~ whole, if_none='not_observed') }},
    {%- endfor %}
    weeks.is_over as is_final
from counts
inner join weeks
    on counts.week_start = weeks.week_start

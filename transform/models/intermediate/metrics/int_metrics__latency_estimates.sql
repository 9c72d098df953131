{{ config(materialized='table', tags=['clock']) }}

{#- Below these numbers an estimate says more about single persons and chance than about the process. -#}
{%- set fewest_for_median = 5 %}
{%- set fewest_for_p90 = 30 %}
{%- set curves = [('', 'incidence'), ('low_', 'incidence_high'), ('high_', 'incidence_low')] %}
{%- set quantiles = [(50, fewest_for_median), (75, fewest_for_median), (90, fewest_for_p90)] %}

with

incidence as (

    select * from {{ ref('int_metrics__incidence') }}
    where cohort != 'history'

),

weeks as (

    select * from {{ ref('int_metrics__weeks') }}

),

estimates as (

    select
        kind,
        subject,
        cohort,
        week_start,
        scope,
        scope_key,
        cast(sum(leaving) as bigint) as item_count,
        cast(sum(ending) as bigint) as ended_count,
        cast(sum(stopping - ending) as bigint) as competing_count,
        {%- for percent, _ in quantiles %}
            {%- for column, curve in curves %}
                min(case when {{ curve }} >= {{ percent / 100 }} - 1e-9 then duration_seconds end)
                    as p{{ percent }}_{{ column }}seconds,
            {%- endfor %}
        {%- endfor %}
        cast(sum(leaving - stopping) as bigint) as censored_count
    from incidence
    group by kind, subject, cohort, week_start, scope, scope_key

)

select
    estimates.kind,
    estimates.subject,
    estimates.cohort,
    estimates.week_start,
    estimates.scope,
    estimates.scope_key,
    estimates.item_count,
    estimates.ended_count,
    estimates.competing_count,
    estimates.censored_count,
    {%- for percent, fewest in quantiles %}
        {%- for column in ['_seconds', '_low_seconds', '_high_seconds'] %}
            case when estimates.item_count >= {{ fewest }} then estimates.p{{ percent }}{{ column }} end
                as p{{ percent }}{{ column }},
        {%- endfor %}
        case
            when estimates.item_count < {{ fewest }} then 'not_enough_data'
            when estimates.p{{ percent }}_seconds is null then 'not_reached'
        end as p{{ percent }}_seconds_null_reason,
    {%- endfor %}
    weeks.is_over and estimates.censored_count = 0 as is_final
from estimates
inner join weeks
    on estimates.week_start = weeks.week_start

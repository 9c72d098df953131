{{ config(tags=['clock']) }}

{%- set levels = ['agent_authored', 'assisted', 'unknown', 'none_observed'] %}

with

uses as (

    select * from {{ ref('int_metrics__assistant_weeks') }}

),

changes as (

    select * from {{ ref('fct_changes') }}
    where state = 'merged'

),

assistants as (

    select * from {{ ref('dim_assistant') }}

),

weeks as (

    select * from {{ ref('int_metrics__weeks') }}

),

maturity as (

    select * from {{ ref('int_metrics__maturity') }}

),

merged as (

    select
        merge_days.week_start,
        changes.assistant_key,
        {%- for level in levels %}
            count(case when changes.assistant_level = '{{ level }}' then 1 end) as {{ level }}_change_count,
        {%- endfor %}
        count(changes.first_prompt_at) as prompted_change_count,
        count(*) as merged_change_count
    from changes
    {{ join_reporting_day('changes.merged_at', 'merge_days') }}
    group by merge_days.week_start, changes.assistant_key

),

keys as (

    select
        week_start,
        assistant_key
    from uses
    where is_used
    union distinct
    select
        week_start,
        assistant_key
    from merged

)

select
    {{ surrogate_key('assistant_usage_weekly', 'cast(keys.week_start as string)', 'keys.assistant_key') }}
        as assistant_usage_weekly_key,
    keys.week_start,
    keys.assistant_key,
    assistants.name as assistant,
    uses.person_count,
    case when uses.person_count is null then 'not_observed' end as person_count_null_reason,
    {%- for column in assistant_counts() + ['cost_usd'] %}
        case when uses.person_count >= 5 then uses.{{ column }} end as {{ column }},
        case
            when uses.person_count < 5 then 'not_enough_data'
            when uses.{{ column }} is null or uses.person_count is null then 'not_observed'
        end as {{ column }}_null_reason,
    {%- endfor %}
    coalesce(merged.merged_change_count, 0) as merged_change_count,
    {%- for level in levels %}
        coalesce(merged.{{ level }}_change_count, 0) as {{ level }}_change_count,
    {%- endfor %}
    coalesce(merged.prompted_change_count, 0) as prompted_change_count,
    {{ add_seconds('weeks.ends_at', 3 * 86400) }} <= maturity.told_until_at as is_final
from keys
inner join weeks
    on keys.week_start = weeks.week_start
inner join assistants
    on keys.assistant_key = assistants.assistant_key
cross join maturity
left join uses
    on
        keys.week_start = uses.week_start
        and keys.assistant_key = uses.assistant_key
left join merged
    on
        keys.week_start = merged.week_start
        and keys.assistant_key = merged.assistant_key

{#-
Median of what CI reported for the last heads of merged changes. Its 95 % interval is that of the ranks within
which the median of so many values lies.
-#}
with

changes as (

    select * from {{ ref('int_metrics__changes') }}
    where state = 'merged'

),

test_cycles as (

    select * from {{ ref('fct_test_cycles') }}

),

merged as (

    {%- for measure in ['line_test_coverage', 'diff_test_coverage'] %}
        select
            '{{ measure }}' as measure,
            days.week_start,
            changes.repository_key,
            changes.change_key,
            max(test_cycles.{{ measure }}) as reported
        from changes
        left join test_cycles
            on changes.change_key = test_cycles.change_key
        {{ join_reporting_day('changes.merged_at', 'days') }}
        group by days.week_start, changes.repository_key, changes.change_key
        {{ "union all" if not loop.last }}
    {%- endfor %}

),

scopes as (

    {{ scoped('merged', {'repository': 'repository_key'}) }}

),

ranked as (

    select
        *,
        count(reported) over (partition by measure, week_start, scope, scope_key) as reported_count,
        row_number() over (
            partition by measure, week_start, scope, scope_key order by reported nulls last, change_key
        ) as place
    from scopes

)

select
    measure,
    week_start,
    scope,
    scope_key,
    count(*) as change_count,
    max(reported_count) as reported_count,
    min(case when reported_count >= 5 and place >= reported_count / 2.0 then reported end) as p50,
    min(
        case
            when reported_count >= 5 and place >= floor(reported_count / 2.0 - 0.98 * sqrt(reported_count))
                then reported
        end
    ) as p50_low,
    max(
        case
            when reported_count >= 5 and place <= ceil(reported_count / 2.0 + 1 + 0.98 * sqrt(reported_count))
                then reported
        end
    ) as p50_high
from ranked
group by measure, week_start, scope, scope_key

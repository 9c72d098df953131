{{ config(tags=['clock']) }}

{%- set coverages = ['line_test_coverage', 'diff_test_coverage'] %}

with

counts as (

    select * from {{ ref('int_metrics__ci_counts') }}

),

coverage as (

    select * from {{ ref('int_metrics__merged_coverage') }}

),

weeks as (

    select * from {{ ref('int_metrics__weeks') }}

),

estimates as (

    select * from {{ ref('int_metrics__latency_estimates') }}
    where kind in ('ci_job', 'check') and cohort = 'arrivals' and scope in ('organisation', 'repository')

),

-- checks of a push may be runs without jobs, and reports may come without either
scopes as (

    {{ weeks_and_scopes(['counts', 'estimates', 'coverage']) }}

),

complete as (

    select
        scopes.*,
        coalesce(counts.attempt_count, 0) as attempt_count,
        coalesce(counts.cancelled_count, 0) as cancelled_count,
        coalesce(counts.running_count, 0) as running_count,
        coalesce(counts.judged_count, 0) as judged_count,
        coalesce(counts.failure_count, 0) as failure_count,
        coalesce(counts.finished_count, 0) as finished_count,
        coalesce(counts.infrastructure_failure_count, 0) as infrastructure_failure_count,
        coalesce(counts.all_failure_count, 0) as all_failure_count,
        coalesce(counts.flaky_failure_count, 0) as flaky_failure_count,
        coalesce(counts.flaky_lost_seconds, 0) as flaky_lost_seconds,
        coalesce(counts.run_seconds, 0) as run_seconds,
        coalesce(counts.setup_seconds, 0) as setup_seconds,
        coalesce(counts.run_with_setup_seconds, 0) as run_with_setup_seconds
    from scopes
    {{ left_join_week_and_scope('counts', 'scopes') }}

)

select
    {{ surrogate_key(
        'ci_health_weekly', 'cast(complete.week_start as string)', 'complete.scope', 'complete.scope_key'
    ) }}
        as ci_health_weekly_key,
    complete.week_start,
    complete.scope,
    case when complete.scope = 'repository' then complete.scope_key end as repository_key,
    complete.attempt_count,
    complete.cancelled_count,
    complete.running_count,
    complete.judged_count,
    complete.failure_count,
    {{ share_columns('failure_share', 'complete.failure_count', 'complete.judged_count') }},
    complete.finished_count,
    complete.infrastructure_failure_count,
    {{ share_columns(
        'infrastructure_failure_share', 'complete.infrastructure_failure_count', 'complete.finished_count'
    ) }},
    complete.all_failure_count,
    complete.flaky_failure_count,
    {{ share_columns('flaky_failure_share', 'complete.flaky_failure_count', 'complete.all_failure_count') }},
    complete.flaky_lost_seconds,
    complete.setup_seconds,
    complete.run_with_setup_seconds,
    cast(complete.setup_seconds as double) / nullif(complete.run_with_setup_seconds, 0) as setup_share,
    case
        when complete.run_with_setup_seconds > 0 then null
        when complete.run_seconds > 0 then 'not_observed'
        when complete.running_count > 0 then 'not_yet'
        else 'not_applicable'
    end as setup_share_null_reason,
    {{ named_estimate('queue') }},
    {{ named_estimate('run') }},
    {{ named_estimate('check_latency') }},
    {{ named_estimate('check_latency_with_reruns') }},
    coalesce(line_test_coverage.change_count, 0) as merged_change_count,
    {%- for measure in coverages %}
        coalesce({{ measure }}.reported_count, 0) as {{ measure }}_count,
        {{ measure }}.p50 as {{ measure }}_p50,
        {{ measure }}.p50_low as {{ measure }}_p50_low,
        {{ measure }}.p50_high as {{ measure }}_p50_high,
        case
            when coalesce({{ measure }}.reported_count, 0) = 0 then 'not_observed'
            when {{ measure }}.p50 is null then 'not_enough_data'
        end as {{ measure }}_p50_null_reason,
    {%- endfor %}
    weeks.is_over
    and complete.running_count = 0
    and coalesce(check_latency_with_reruns.censored_count, 0) = 0 as is_final
from complete
inner join weeks
    on complete.week_start = weeks.week_start
{{ join_estimate('queue', 'queue', 'complete') }}
{{ join_estimate('run', 'run', 'complete') }}
{{ join_estimate('check_latency', 'check_latency', 'complete') }}
{{ join_estimate('check_latency_with_reruns', 'check_latency_with_reruns', 'complete') }}
{%- for measure in coverages %}
    left join coverage as {{ measure }}
        on
            complete.week_start = {{ measure }}.week_start
            and complete.scope = {{ measure }}.scope
            and complete.scope_key = {{ measure }}.scope_key
            and {{ measure }}.measure = '{{ measure }}'
{%- endfor %}

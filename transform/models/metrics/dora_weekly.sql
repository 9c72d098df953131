{{ config(tags=['clock']) }}

with

deployments as (

    select * from {{ ref('int_metrics__deployments') }}

),

weeks as (

    select * from {{ ref('int_metrics__weeks') }}

),

estimates as (

    select * from {{ ref('int_metrics__latency_estimates') }}
    where kind = 'delivery' and cohort = 'arrivals'

),

maturity as (

    select * from {{ ref('int_metrics__maturity') }}

),

connection_horizons as (

    select * from {{ ref('int_flow__connection_horizons') }}

),

dated as (

    select
        deployments.*,
        connection_horizons.observed_until_at,
        days.week_start
    from deployments
    inner join connection_horizons
        on deployments.connection = connection_horizons.connection
    {{ join_reporting_day('deployments.finished_at', 'days') }}

),

scopes as (

    {{ scoped('dated', {'service': 'service_key'}) }}

),

counts as (

    select
        week_start,
        scope,
        scope_key,
        max(observed_until_at) as observed_until_at,
        count(case when status = 'success' then 1 end) as success_count,
        count(case when is_new then 1 end) as deployment_count,
        count(case when status = 'success' and is_redeploy then 1 end) as redeploy_count,
        count(case when status = 'success' and is_rollback and not is_redeploy then 1 end) as rollback_count,
        count(case when status = 'failure' then 1 end) as failed_attempt_count,
        count(case when status = 'success' and is_explicit then 1 end) as explicit_failure_count,
        count(case when status = 'success' and is_evidenced then 1 end) as evidenced_failure_count,
        count(case when status = 'success' and is_suspected then 1 end) as suspected_failure_count,
        count(case when status = 'success' and is_rework then 1 end) as rework_count
    from scopes
    group by week_start, scope, scope_key

),

every_week as (

    {{ every_week('counts') }}

),

-- a week without deployments is a figure, too, as far as anybody looked
complete as (

    select
        every_week.week_start,
        every_week.scope,
        every_week.scope_key,
        every_week.is_over,
        {%- for column in [
            'success', 'deployment', 'redeploy', 'rollback', 'failed_attempt', 'explicit_failure',
            'evidenced_failure', 'suspected_failure', 'rework',
        ] %}
            coalesce(counts.{{ column }}_count, 0) as {{ column }}_count,
        {%- endfor %}
        {{ add_seconds('every_week.ends_at', 'maturity.failure_seconds') }} <= maturity.told_until_at
            as is_final
    from every_week
    cross join maturity
    {{ left_join_week_and_scope('counts', 'every_week') }}

)

select
    {{ surrogate_key(
        'dora_weekly', 'cast(complete.week_start as string)', 'complete.scope', 'complete.scope_key'
    ) }}
        as dora_weekly_key,
    complete.week_start,
    complete.scope,
    case when complete.scope = 'service' then complete.scope_key end as service_key,
    complete.success_count,
    complete.deployment_count,
    complete.redeploy_count,
    complete.rollback_count,
    complete.failed_attempt_count,
    complete.explicit_failure_count,
    complete.evidenced_failure_count,
    complete.suspected_failure_count,
    {{ share_columns('explicit_fail_rate', 'complete.explicit_failure_count', 'complete.success_count') }},
    {{ share_columns('suspected_fail_rate', 'complete.suspected_failure_count', 'complete.success_count') }},
    {{ share_columns('rollback_rate', 'complete.rollback_count', 'complete.success_count') }},
    complete.rework_count,
    {{ share_columns('rework_rate', 'complete.rework_count', 'complete.success_count') }},
    {{ named_estimate('change_lead') }},
    {{ named_estimate('change_lead_from_merge') }},
    {{ named_estimate('recovery') }},
    {{ named_estimate('deployment_gap', [50]) }},
    {%- for latency in ['change_lead', 'change_lead_from_merge', 'recovery', 'deployment_gap'] %}
        {{ named_estimate_is_final(latency, 'complete.is_over') }},
    {%- endfor %}
    complete.is_final
from complete
{{ join_estimate('change_lead', 'change_lead', 'complete') }}
{{ join_estimate('change_lead_from_merge', 'change_lead_from_merge', 'complete') }}
{{ join_estimate('recovery', 'recovery', 'complete') }}
{{ join_estimate('deployment_gap', 'deployment_gap', 'complete') }}

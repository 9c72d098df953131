{#-
The Aalen-Johansen estimate of the cumulative incidence of the end that is waited for; without competing ends it
is one minus the Kaplan-Meier estimate. Its variance is the delta method's, whose double sums are written as
running sums; its interval is that of log(-log(1 - F)).
-#}
{%- set group = 'kind, subject, cohort, week_start, scope, scope_key' %}
{%- set window = 'partition by ' ~ group ~ ' order by duration_seconds' %}
{%- set z = 1.959964 %}

with

cohorts as (

    select * from {{ ref('int_metrics__cohorts') }}

),

steps as (

    select
        kind,
        subject,
        cohort,
        week_start,
        scope,
        scope_key,
        duration_seconds,
        cast(count(*) as double) as leaving,
        cast(count(case when outcome = 'ended' then 1 end) as double) as ending,
        cast(count(case when outcome != 'censored' then 1 end) as double) as stopping
    from cohorts
    group by kind, subject, cohort, week_start, scope, scope_key, duration_seconds

),

at_risk as (

    select
        *,
        sum(leaving) over ({{ window }} desc) as risked
    from steps

),

survival as (

    select
        *,
        case
            when max(case when stopping = risked then 1 else 0 end) over ({{ window }}) = 1 then 0
            else exp(
                sum(case when stopping < risked then ln(1 - stopping / risked) else 0 end) over ({{ window }})
            )
        end as surviving
    from at_risk

),

jumps as (

    select
        *,
        coalesce(lag(surviving) over ({{ window }}), 1) as surviving_before
    from survival

),

incidence as (

    select
        *,
        -- shares that make up one may add to a little more by rounding
        least(cast(1 as double), sum(surviving_before * ending / risked) over ({{ window }})) as incidence
    from jumps

),

terms as (

    select
        *,
        case when risked > stopping then stopping / (risked * (risked - stopping)) else 0 end as spread,
        surviving_before * ending / (risked * risked) as jump,
        surviving_before * surviving_before * ending * (risked - ending) / (risked * risked * risked) as own
    from incidence

),

variances as (

    select
        *,
        incidence * incidence * sum(spread) over ({{ window }})
        - 2 * incidence * sum(incidence * spread) over ({{ window }})
        + sum(incidence * incidence * spread) over ({{ window }})
        + sum(own) over ({{ window }})
        - 2 * incidence * sum(jump) over ({{ window }})
        + 2 * sum(incidence * jump) over ({{ window }}) as variance
    from terms

),

bounds as (

    select
        *,
        case
            when incidence > 0 and incidence < 1 - 1e-9
                then {{ z }} * sqrt(greatest(variance, 0)) / ((1 - incidence) * abs(ln(1 - incidence)))
        end as width
    from variances

)

select
    kind,
    subject,
    cohort,
    week_start,
    scope,
    scope_key,
    duration_seconds,
    leaving,
    ending,
    stopping,
    incidence,
    coalesce(max(1 - power(1 - incidence, exp(-width))) over ({{ window }}), 0) as incidence_low,
    case
        when incidence >= 1 - 1e-9 then 1
        else coalesce(1 - power(1 - incidence, exp(width)), 0)
    end as incidence_high
from bounds

{{ config(tags=['clock']) }}

with

estimates as (

    select * from {{ ref('int_metrics__latency_estimates') }}
    where
        kind = 'deployment'
        or (kind = 'stage' and subject = 'change:release_wait')
        or (kind = 'change' and subject = 'deployment_lead')

)

select
    {{ surrogate_key(
        'deployment_waits_weekly', 'cast(week_start as string)', 'cohort', 'scope', 'scope_key', 'subject'
    ) }} as deployment_waits_weekly_key,
    replace(subject, 'change:', '') as wait,
    cohort,
    {{ scope_columns() }},
    {{ estimate_columns() }}
from estimates

{{ config(tags=['clock']) }}

with

estimates as (

    select * from {{ ref('int_metrics__latency_estimates') }}
    where kind = 'incident'

)

select
    {{ surrogate_key(
        'incident_recovery_weekly',
        'cast(week_start as string)', 'cohort', 'scope', 'scope_key', 'subject'
    ) }} as incident_recovery_weekly_key,
    subject as latency,
    cohort,
    {{ scope_columns() }},
    {{ estimate_columns() }}
from estimates

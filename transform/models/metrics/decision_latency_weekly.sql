{{ config(tags=['clock']) }}

with

estimates as (

    select * from {{ ref('int_metrics__latency_estimates') }}
    where kind = 'work_item'

)

select
    {{ surrogate_key(
        'decision_latency_weekly',
        'cast(week_start as string)', 'cohort', 'scope', 'scope_key', 'subject'
    ) }} as decision_latency_weekly_key,
    subject as latency,
    cohort,
    {{ scope_columns() }},
    {{ estimate_columns() }}
from estimates

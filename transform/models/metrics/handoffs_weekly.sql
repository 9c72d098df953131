{{ config(tags=['clock']) }}

with

estimates as (

    select * from {{ ref('int_metrics__latency_estimates') }}
    where kind = 'handoff'

)

select
    {{ surrogate_key(
        'handoffs_weekly',
        'cast(week_start as string)', 'cohort', 'scope', 'scope_key', 'subject'
    ) }} as handoffs_weekly_key,
    split_part(subject, ':', 1) as mechanism,
    split_part(subject, ':', 2) as from_role,
    split_part(subject, ':', 3) as to_role,
    cohort,
    {{ scope_columns() }},
    {{ estimate_columns() }}
from estimates

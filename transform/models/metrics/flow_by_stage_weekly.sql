{{ config(tags=['clock']) }}

with

estimates as (

    select * from {{ ref('int_metrics__latency_estimates') }}
    where kind = 'stage'

),

stages as (

    select * from {{ ref('dim_stage') }}

)

select
    {{ surrogate_key(
        'flow_by_stage_weekly',
        'cast(estimates.week_start as string)', 'estimates.cohort', 'estimates.scope', 'estimates.scope_key',
        'estimates.subject'
    ) }} as flow_by_stage_weekly_key,
    split_part(estimates.subject, ':', 1) as flow_item_type,
    stages.stage_key,
    stages.stage,
    estimates.cohort,
    {{ scope_columns() }},
    {{ estimate_columns() }}
from estimates
inner join stages
    on split_part(estimates.subject, ':', 2) = stages.stage

{{ config(tags=['clock']) }}

with

features as (

    select * from {{ ref('dim_feature') }}
    where
        state = 'merged' and deployed_at_null_reason = 'not_yet'
        or state = 'deployed' and exposed_at_null_reason = 'not_yet'

),

visits as (

    select * from {{ ref('fct_stage_visits') }}
    where flow_item_type = 'change'

),

stages as (

    select * from {{ ref('dim_stage') }}
    where stage in ('build', 'rework')

),

feature_changes as (

    select * from {{ ref('int_features__changes') }}

),

maturity as (

    select * from {{ ref('int_metrics__maturity') }}

),

efforts as (

    select
        feature_changes.feature_key,
        cast(sum(
            coalesce(visits.calendar_seconds, {{ seconds_between('visits.entered_at', 'maturity.as_of') }})
        ) as bigint) as engineering_seconds
    from feature_changes
    inner join visits
        on feature_changes.change_key = visits.flow_item_key
    inner join stages
        on visits.stage_key = stages.stage_key
    cross join maturity
    group by feature_changes.feature_key

),

waiting as (

    select
        *,
        case state when 'merged' then merged_at else deployed_at end as waiting_since_at
    from features

)

select
    waiting.feature_key,
    maturity.as_of,
    waiting.name as feature,
    case waiting.state when 'merged' then 'not_deployed' else 'not_exposed' end as reason,
    waiting.change_count,
    waiting.waiting_since_at,
    {{ seconds_between('waiting.waiting_since_at', 'maturity.as_of') }} as age_seconds,
    coalesce(efforts.engineering_seconds, 0) as engineering_seconds,
    {{ seconds_between('waiting.waiting_since_at', 'maturity.as_of') }} > maturity.idle_seconds as is_idle
from waiting
cross join maturity
left join efforts
    on waiting.feature_key = efforts.feature_key
where waiting.waiting_since_at <= maturity.as_of

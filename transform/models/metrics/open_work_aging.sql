{{ config(tags=['clock']) }}

with

as_of as (

    select * from {{ ref('int_flow__as_of') }}

),

visits as (

    select * from {{ ref('int_items__all_visits') }}

),

connection_horizons as (

    select * from {{ ref('int_flow__connection_horizons') }}

),

incidence as (

    select * from {{ ref('int_metrics__incidence') }}
    where kind = 'stage' and cohort = 'history'

),

usual as (

    select
        subject,
        sum(leaving) as visit_count,
        min(case when incidence >= 0.85 - 1e-9 then duration_seconds end) as usual_p85_seconds
    from incidence
    group by subject

),

items as (

    select
        flow_item_type,
        flow_item_key,
        min(entered_at) as begun_at
    from visits
    group by flow_item_type, flow_item_key

),

aged as (

    select
        visits.*,
        items.begun_at,
        visits.flow_item_type || ':' || visits.stage as subject,
        {{ seconds_between('visits.entered_at', 'connection_horizons.observed_until_at') }}
            as stage_age_seconds,
        {{ seconds_between('items.begun_at', 'connection_horizons.observed_until_at') }}
            as item_age_seconds
    from visits
    inner join items
        on
            visits.flow_item_type = items.flow_item_type
            and visits.flow_item_key = items.flow_item_key
    inner join connection_horizons
        on visits.connection = connection_horizons.connection
    where visits.exited_at is null

)

select
    aged.flow_item_key,
    as_of.as_of,
    aged.flow_item_type,
    {{ surrogate_key('stage', 'aged.stage') }} as stage_key,
    aged.stage,
    {{ known_key('aged.team_key') }} as team_key,
    {{ known_key('aged.service_key') }} as service_key,
    {{ known_key('aged.repository_key') }} as repository_key,
    aged.begun_at,
    aged.entered_at,
    aged.stage_age_seconds,
    aged.item_age_seconds,
    case when usual.visit_count >= 30 then usual.usual_p85_seconds end as usual_p85_seconds,
    case
        when coalesce(usual.visit_count, 0) < 30 then 'not_enough_data'
        when usual.usual_p85_seconds is null then 'not_reached'
    end as usual_p85_seconds_null_reason,
    case when usual.visit_count >= 30 then aged.stage_age_seconds > usual.usual_p85_seconds end as is_overdue
from aged
cross join as_of
left join usual
    on aged.subject = usual.subject

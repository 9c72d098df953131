{{ config(materialized='table') }}

with

sweep_visits as (

    select * from {{ ref('int_flow__sweep_visits') }}

),

release_intervals as (

    select * from {{ ref('int_delivery__release_intervals') }}

),

milestones as (

    select * from {{ ref('int_delivery__change_milestones') }}

),

feature_intervals as (

    select * from {{ ref('int_features__change_intervals') }}

),

spans as (

    select * from {{ ref('int_flow__change_spans') }}

),

stages as (

    select * from {{ ref('stages') }}

),

keyed_stages as (

    select
        *,
        {{ surrogate_key('stage', 'stage') }} as stage_key
    from stages

),

visits as (

    select
        change_key,
        {{ surrogate_key('stage', 'stage') }} as stage_key,
        entered_at,
        exited_at,
        is_abandoned,
        outside_event_id,
        evidence,
        false as is_after_merge
    from sweep_visits
    union all
    select
        release_intervals.change_key,
        release_intervals.stage_key,
        release_intervals.entered_at,
        release_intervals.exited_at,
        false as is_abandoned,
        release_intervals.source_event_id as outside_event_id,
        release_intervals.evidence,
        true as is_after_merge
    from release_intervals
    inner join spans
        on release_intervals.change_key = spans.change_key
    where spans.state = 'merged'
    union all
    select
        change_key,
        stage_key,
        entered_at,
        exited_at,
        false as is_abandoned,
        cast(null as string) as outside_event_id,
        cast(null as string) as evidence,
        true as is_after_merge
    from feature_intervals

),

staged as (

    select
        visits.*,
        keyed_stages.stage,
        keyed_stages.stage_order,
        keyed_stages.waiting_on_role,
        lead(keyed_stages.stage_order) over visit_order as next_stage_order
    from visits
    inner join keyed_stages
        on visits.stage_key = keyed_stages.stage_key
    window visit_order as (partition by visits.change_key order by visits.entered_at)

)

select
    staged.change_key,
    staged.stage_key,
    staged.stage,
    staged.waiting_on_role,
    row_number() over (
        partition by staged.change_key, staged.stage_key order by staged.entered_at
    ) as visit_number,
    staged.entered_at,
    staged.exited_at,
    case
        when staged.exited_at is null then 'open'
        when staged.is_abandoned then 'abandoned'
        when staged.next_stage_order < staged.stage_order then 'returned'
        when
            staged.is_after_merge
            and staged.next_stage_order is null
            and milestones.delivery_state = 'superseded'
            then 'superseded'
        else 'advanced'
    end as exit_reason,
    staged.is_after_merge,
    staged.outside_event_id,
    coalesce(staged.evidence, 'observed') as evidence
from staged
left join milestones
    on staged.change_key = milestones.change_key

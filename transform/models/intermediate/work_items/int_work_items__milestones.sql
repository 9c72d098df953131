with

states as (

    select * from {{ ref('int_work_items__states') }}

),

visits as (

    select * from {{ ref('int_items__visits') }}

),

told as (

    select
        *,
        coalesce(recorded_at, occurred_at) as told_at
    from states

),

dated as (

    select
        work_item_key,
        min(case when ticket_stage in ('ready', 'started', 'qa', 'done') then told_at end) as ready_at,
        min(case when ticket_stage in ('started', 'qa', 'done') then told_at end) as started_at,
        max_by(state, occurred_at) as last_state,
        max_by(evidence, occurred_at) as evidence,
        min(occurred_at) as begun_at
    from told
    group by work_item_key

),

followed as (

    select
        flow_item_key,
        entered_at,
        exited_at,
        lead(entered_at) over (partition by flow_item_key order by entered_at) as next_entered_at
    from visits
    where flow_item_type = 'work_item'

),

ended as (

    select
        flow_item_key,
        min(entered_at) as entered_at,
        max(exited_at) as left_at,
        cast(sum({{ seconds_between('exited_at', 'next_entered_at') }}) as bigint) as closed_seconds
    from followed
    group by flow_item_key

)

select
    dated.work_item_key,
    dated.ready_at,
    dated.started_at,
    case dated.last_state
        when 'finished' then 'done'
        when 'rejected' then 'rejected'
        else 'open'
    end as state,
    case
        when dated.last_state in ('finished', 'rejected') then coalesce(ended.left_at, dated.begun_at)
    end as ended_at,
    -- one that was rejected from the start and taken up later was closed until then
    coalesce(ended.closed_seconds, 0)
    + coalesce({{ seconds_between('dated.begun_at', 'ended.entered_at') }}, 0) as closed_seconds,
    dated.evidence
from dated
left join ended
    on dated.work_item_key = ended.flow_item_key

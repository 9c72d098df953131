{{ config(materialized='table') }}

with

change_states as (

    select * from {{ ref('int_flow__change_states') }}

),

spans as (

    select * from {{ ref('int_flow__change_spans') }}

),

marked as (

    select
        *,
        case
            when state = lag(state) over (partition by change_key order by occurred_at) then 0
            else 1
        end as is_new_visit
    from change_states

),

numbered as (

    select
        *,
        sum(is_new_visit) over (
            partition by change_key order by occurred_at rows between unbounded preceding and current row
        ) as visit_position
    from marked

),

grouped as (

    select
        change_key,
        visit_position,
        state,
        min(occurred_at) as entered_at,
        max(case when is_new_visit = 1 then event_id end) as outside_event_id,
        nullif(
            concat_ws(
                ',',
                max(case when deciding_rule >= 4 and approvals_assumed > 0 then 'approvals_assumed' end),
                max(case when deciding_rule >= 4 and approvals_inferred > 0 then 'approvals_inferred' end),
                max(case when deciding_rule >= 5 and checks_assumed > 0 then 'checks_assumed' end),
                max(
                    case
                        when deciding_rule >= 4 and approvals_backcast > 0 then 'rule_backcast'
                        when deciding_rule >= 5 and checks_backcast > 0 then 'rule_backcast'
                    end
                )
            ),
            ''
        ) as evidence
    from numbered
    group by change_key, visit_position, state

),

followed as (

    select
        *,
        lead(entered_at) over (partition by change_key order by visit_position) as next_entered_at,
        lead(state) over (partition by change_key order by visit_position) as next_state
    from grouped

)

select
    followed.change_key,
    followed.state as stage,
    followed.entered_at,
    coalesce(followed.next_entered_at, spans.ended_at) as exited_at,
    coalesce(
        followed.next_state = 'closed',
        spans.state = 'closed' and followed.next_entered_at is null
    ) as is_abandoned,
    followed.outside_event_id,
    followed.evidence
from followed
inner join spans
    on followed.change_key = spans.change_key
where followed.state != 'closed'

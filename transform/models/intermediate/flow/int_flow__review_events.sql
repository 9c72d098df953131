{{ config(materialized='table') }}

with

change_events as (

    select * from {{ ref('int_flow__change_events') }}

),

changes as (

    select * from {{ ref('int_flow__changes') }}

),

spans as (

    select * from {{ ref('int_flow__change_spans') }}

),

ready_changes as (

    select * from {{ ref('int_flow__ready_changes') }}

),

placed as (

    select
        change_events.*,
        spans.ended_at,
        coalesce(change_events.sequence >= ready_changes.ready_sequence, false) as is_since_ready,
        change_events.is_push or change_events.is_response as is_turn,
        coalesce(
            {{ last_known(
                "case change_events.type when 'converted_to_draft' then true when 'ready_for_review' then false end",
                'partition by change_events.change_key order by change_events.sequence'
                ~ ' rows between unbounded preceding and current row'
            ) }},
            changes.is_opened_as_draft
        ) as is_draft,
        min(case when change_events.type = 'ready_for_review' then change_events.occurred_at end) over (
            partition by change_events.change_key order by change_events.sequence
            rows between 1 following and unbounded following
        ) as next_ready_at
    from change_events
    inner join changes
        on change_events.change_key = changes.change_key
    inner join spans
        on change_events.change_key = spans.change_key
    left join ready_changes
        on change_events.change_key = ready_changes.change_key
    where change_events.occurred_at <= coalesce(spans.ended_at, change_events.occurred_at)

),

turned as (

    select
        *,
        case
            when
                is_push
                and is_since_ready
                and lag(is_response) over (
                    partition by change_key, is_since_ready, is_turn order by sequence
                )
                then 1
            else 0
        end as is_round_start
    from placed

),

rounded as (

    select
        *,
        cast(
            case when is_since_ready then 1 else 0 end
            + sum(is_round_start) over (
                partition by change_key order by sequence rows between unbounded preceding and current row
            ) as bigint
        ) as round_number
    from turned

)

select
    change_key,
    connection,
    sequence,
    event_id,
    type,
    occurred_at,
    is_push,
    is_answer,
    is_response,
    actor_account,
    person_key,
    is_author,
    subject_account,
    subject_team,
    is_draft,
    next_ready_at,
    round_number,
    ended_at
from rounded

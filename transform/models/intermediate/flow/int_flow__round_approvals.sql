with

approval_spans as (

    select * from {{ ref('int_flow__approval_spans') }}

),

rounds as (

    select * from {{ ref('int_flow__rounds') }}

),

verdicts as (

    select * from {{ ref('int_flow__verdicts') }}

),

last_spans as (

    select
        approval_spans.change_key,
        rounds.round_number,
        rounds.change_ended_at,
        approval_spans.approved_at,
        approval_spans.lost_at
    from approval_spans
    inner join rounds
        on
            approval_spans.change_key = rounds.change_key
            and approval_spans.approved_at >= rounds.started_at
            and approval_spans.approved_at
            < coalesce(rounds.next_started_at, approval_spans.approved_at + interval '1' day)
    qualify row_number() over (
        partition by approval_spans.change_key, rounds.round_number
        order by approval_spans.approved_at desc
    ) = 1

),

round_approvals as (

    select
        last_spans.*,
        verdicts.person_key as approver_person_key
    from last_spans
    inner join verdicts
        on
            last_spans.change_key = verdicts.change_key
            and verdicts.verdict = 'approved'
            and not verdicts.is_author
            and last_spans.approved_at >= verdicts.started_at
            and last_spans.approved_at
            < coalesce(verdicts.ended_at, last_spans.approved_at + interval '1' day)
    qualify row_number() over (
        partition by last_spans.change_key, last_spans.round_number
        order by verdicts.sequence desc
    ) = 1

)

select * from round_approvals

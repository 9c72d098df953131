with

approval_answers as (

    select * from {{ ref('int_flow__approval_answers') }}

),

rounds as (

    select * from {{ ref('int_flow__rounds') }}

),

verdicts as (

    select * from {{ ref('int_flow__verdicts') }}

),

round_answers as (

    select
        approval_answers.change_key,
        rounds.round_number,
        rounds.change_ended_at,
        approval_answers.approved_at,
        approval_answers.lost_at,
        approval_answers.accepted_at,
        approval_answers.to_person_key
    from approval_answers
    inner join rounds
        on
            approval_answers.change_key = rounds.change_key
            and approval_answers.approved_at >= rounds.started_at
            and approval_answers.approved_at
            < coalesce(rounds.next_started_at, approval_answers.approved_at + interval '1' day)
    qualify row_number() over (
        partition by approval_answers.change_key, rounds.round_number
        order by
            approval_answers.accepted_at asc nulls last,
            approval_answers.approved_at desc
    ) = 1

),

round_approvals as (

    select
        round_answers.*,
        verdicts.person_key as approver_person_key
    from round_answers
    inner join verdicts
        on
            round_answers.change_key = verdicts.change_key
            and verdicts.verdict = 'approved'
            and not verdicts.is_author
            and round_answers.approved_at >= verdicts.started_at
            and round_answers.approved_at
            < coalesce(verdicts.ended_at, round_answers.approved_at + interval '1' day)
    qualify row_number() over (
        partition by round_answers.change_key, round_answers.round_number
        order by verdicts.sequence desc
    ) = 1

)

select
    change_key,
    'review_verdict' as mechanism,
    'reviewer' as from_role,
    'merger' as to_role,
    round_number,
    approver_person_key as from_person_key,
    to_person_key,
    cast(null as string) as asked_team_key,
    approved_at as requested_at,
    accepted_at,
    case
        when accepted_at is not null then 'accepted'
        when lost_at is not null then 'superseded'
        when change_ended_at is not null then 'withdrawn'
        else 'pending'
    end as outcome,
    coalesce(accepted_at, lost_at, change_ended_at) as settled_at
from round_approvals

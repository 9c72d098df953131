with

round_approvals as (

    select * from {{ ref('int_flow__round_approvals') }}

),

change_events as (

    select * from {{ ref('int_flow__change_events') }}

),

changes as (

    select * from {{ ref('int_flow__changes') }}

),

first_enqueues as (

    select
        round_approvals.change_key,
        round_approvals.round_number,
        change_events.occurred_at as enqueued_at,
        change_events.person_key
    from round_approvals
    inner join change_events
        on
            round_approvals.change_key = change_events.change_key
            and change_events.type = 'enqueued'
            and round_approvals.approved_at <= change_events.occurred_at
            and change_events.occurred_at
            < coalesce(round_approvals.lost_at, change_events.occurred_at + interval '1' day)
            and change_events.occurred_at
            <= coalesce(round_approvals.change_ended_at, change_events.occurred_at)
    qualify row_number() over (
        partition by round_approvals.change_key, round_approvals.round_number order by change_events.sequence
    ) = 1

),

accepted as (

    select
        round_approvals.*,
        coalesce(
            first_enqueues.enqueued_at,
            case when round_approvals.lost_at is null then changes.merged_at end
        ) as accepted_at,
        case
            when first_enqueues.enqueued_at is not null then first_enqueues.person_key
            when round_approvals.lost_at is null then changes.merger_person_key
        end as to_person_key
    from round_approvals
    inner join changes
        on round_approvals.change_key = changes.change_key
    left join first_enqueues
        on
            round_approvals.change_key = first_enqueues.change_key
            and round_approvals.round_number = first_enqueues.round_number

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
from accepted

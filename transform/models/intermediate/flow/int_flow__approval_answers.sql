with

approval_spans as (

    select * from {{ ref('int_flow__approval_spans') }}

),

change_events as (

    select * from {{ ref('int_flow__change_events') }}

),

changes as (

    select * from {{ ref('int_flow__changes') }}

),

change_spans as (

    select * from {{ ref('int_flow__change_spans') }}

),

first_enqueues as (

    select
        approval_spans.change_key,
        approval_spans.approved_at,
        change_events.occurred_at as enqueued_at,
        change_events.person_key
    from approval_spans
    inner join change_spans
        on approval_spans.change_key = change_spans.change_key
    inner join change_events
        on
            approval_spans.change_key = change_events.change_key
            and change_events.type = 'enqueued'
            and change_events.occurred_at <= coalesce(change_spans.ended_at, change_events.occurred_at)
            and approval_spans.approved_at <= change_events.occurred_at
            and change_events.occurred_at
            < coalesce(approval_spans.lost_at, change_events.occurred_at + interval '1' day)
    qualify row_number() over (
        partition by approval_spans.change_key, approval_spans.approved_at order by change_events.sequence
    ) = 1

),

answers as (

    select
        approval_spans.*,
        coalesce(
            first_enqueues.enqueued_at,
            case when approval_spans.lost_at is null then changes.merged_at end
        ) as accepted_at,
        case
            when first_enqueues.enqueued_at is not null then first_enqueues.person_key
            when approval_spans.lost_at is null then changes.merger_person_key
        end as to_person_key
    from approval_spans
    inner join changes
        on approval_spans.change_key = changes.change_key
    left join first_enqueues
        on
            approval_spans.change_key = first_enqueues.change_key
            and approval_spans.approved_at = first_enqueues.approved_at

)

-- what was taken stays taken: after a draft the same approval is not handed over once more
select
    change_key,
    approved_at,
    lost_at,
    approval_number,
    accepted_at,
    to_person_key
from answers
qualify count(accepted_at) over (
    partition by change_key, approval_number
    order by approved_at
    rows between unbounded preceding and 1 preceding
) = 0

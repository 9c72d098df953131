with

review_events as (

    select * from {{ ref('int_flow__review_events') }}

),

verdicts as (

    select * from {{ ref('int_flow__verdicts') }}

),

changes as (

    select * from {{ ref('int_flow__changes') }}

),

refusals as (

    select
        review_events.change_key,
        review_events.round_number,
        review_events.ended_at as change_ended_at,
        verdicts.sequence,
        verdicts.person_key,
        verdicts.started_at,
        case
            when verdicts.ended_at <= coalesce(review_events.ended_at, verdicts.ended_at)
                then verdicts.ended_at
        end as ended_at,
        case
            when verdicts.next_push_at <= coalesce(review_events.ended_at, verdicts.next_push_at)
                then verdicts.next_push_at
        end as pushed_at
    from verdicts
    inner join review_events
        on
            verdicts.change_key = review_events.change_key
            and verdicts.sequence = review_events.sequence
    where
        verdicts.verdict = 'changes_requested'
        and verdicts.is_human
        and not verdicts.is_author
        and review_events.round_number > 0

),

round_refusals as (

    select
        change_key,
        round_number,
        min_by(person_key, sequence) as from_person_key,
        min(started_at) as requested_at,
        max(pushed_at) as pushed_at,
        max(change_ended_at) as change_ended_at,
        case
            when count(*) = count(case when pushed_at is null or ended_at < pushed_at then ended_at end)
                then max(ended_at)
        end as retracted_at
    from refusals
    group by change_key, round_number

)

select
    round_refusals.change_key,
    'review_verdict' as mechanism,
    'reviewer' as from_role,
    'author' as to_role,
    round_refusals.round_number,
    round_refusals.from_person_key,
    case
        when round_refusals.pushed_at is not null and round_refusals.retracted_at is null
            then changes.author_person_key
    end as to_person_key,
    cast(null as string) as asked_team_key,
    round_refusals.requested_at,
    case when round_refusals.retracted_at is null then round_refusals.pushed_at end as accepted_at,
    case
        when round_refusals.retracted_at is not null then 'superseded'
        when round_refusals.pushed_at is not null then 'accepted'
        when round_refusals.change_ended_at is not null then 'withdrawn'
        else 'pending'
    end as outcome,
    coalesce(
        round_refusals.retracted_at, round_refusals.pushed_at, round_refusals.change_ended_at
    ) as settled_at
from round_refusals
inner join changes
    on round_refusals.change_key = changes.change_key

{{ config(materialized='table') }}

with

change_events as (

    select * from {{ ref('int_flow__change_events') }}

),

pushes as (

    select
        *,
        min(case when is_push then occurred_at end) over (
            partition by change_key order by sequence rows between 1 following and unbounded following
        ) as next_push_at
    from change_events

),

decisions as (

    select
        *,
        case type when 'review_dismissed' then subject_account else actor_account end as account
    from pushes
    where type in ('reviewed_approved', 'reviewed_changes_requested', 'review_dismissed')

),

spans as (

    select
        *,
        lead(occurred_at) over (partition by change_key, account order by sequence) as ended_at
    from decisions
    where account is not null

),

verdicts as (

    select
        change_key,
        event_id,
        sequence,
        case type when 'reviewed_approved' then 'approved' else 'changes_requested' end as verdict,
        account,
        person_key,
        is_human,
        is_author,
        occurred_at as started_at,
        ended_at,
        next_push_at,
        least(ended_at, next_push_at) as answered_at
    from spans
    where type != 'review_dismissed'

)

select * from verdicts

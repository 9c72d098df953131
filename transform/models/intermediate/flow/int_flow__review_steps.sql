with

verdicts as (

    select * from {{ ref('int_flow__verdicts') }}

),

response_spans as (

    select * from {{ ref('int_flow__response_spans') }}

),

facts as (

    select
        change_key,
        'approvals' as fact,
        started_at,
        ended_at
    from verdicts
    where
        verdict = 'approved'
        and not is_author
    union all
    select
        change_key,
        'changes_requested' as fact,
        started_at,
        ended_at
    from verdicts
    where verdict = 'changes_requested'
    union all
    select
        change_key,
        'unanswered_changes_requested' as fact,
        started_at,
        answered_at as ended_at
    from verdicts
    where
        verdict = 'changes_requested'
        and is_human
    union all
    select
        change_key,
        'responded' as fact,
        started_at,
        ended_at
    from response_spans
    union all
    select
        change_key,
        'ever_responded' as fact,
        started_at,
        cast(null as timestamp) as ended_at
    from response_spans
    where is_first

),

steps as (

    select
        change_key,
        fact,
        started_at as occurred_at,
        1 as delta
    from facts
    union all
    select
        change_key,
        fact,
        ended_at as occurred_at,
        -1 as delta
    from facts
    where ended_at is not null

)

select * from steps

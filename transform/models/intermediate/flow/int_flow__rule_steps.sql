with

merge_rules as (

    select * from {{ ref('int_flow__merge_rules') }}

),

facts as (

    select
        *,
        'required_approvals' as fact,
        required_approving_review_count as amount
    from merge_rules
    union all
    select
        *,
        'approvals_' || approvals_source as fact,
        1 as amount
    from merge_rules
    where approvals_source in ('inferred', 'assumed')
    union all
    select
        *,
        'approvals_backcast' as fact,
        1 as amount
    from merge_rules
    where is_approvals_backcast
    union all
    select
        *,
        'checks_backcast' as fact,
        1 as amount
    from merge_rules
    where is_checks_backcast

),

steps as (

    select
        change_key,
        fact,
        started_at as occurred_at,
        event_id,
        amount as delta
    from facts
    union all
    select
        change_key,
        fact,
        ended_at as occurred_at,
        event_id,
        -amount as delta
    from facts
    where ended_at is not null

)

select * from steps
where delta != 0

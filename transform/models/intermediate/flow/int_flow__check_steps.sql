with

heads as (

    select * from {{ ref('int_flow__heads') }}

),

check_spans as (

    select * from {{ ref('int_flow__check_spans') }}

),

merge_rules as (

    select * from {{ ref('int_flow__merge_rules') }}

),

head_checks as (

    select
        heads.change_key,
        check_spans.event_id,
        check_spans.status,
        case
            when merge_rules.required_check_names is not null
                then {{ list_contains('merge_rules.required_check_names', 'check_spans.name') }}
            else check_spans.is_required
        end as is_required,
        greatest(heads.started_at, check_spans.started_at, merge_rules.started_at) as started_at,
        least(heads.ended_at, check_spans.ended_at, merge_rules.ended_at) as ended_at
    from heads
    inner join check_spans
        on
            heads.connection = check_spans.connection
            and heads.repository = check_spans.repository
            and heads.sha = check_spans.sha
    inner join merge_rules
        on heads.change_key = merge_rules.change_key

),

facts as (

    select
        *,
        'checks_' || status as fact
    from head_checks
    where is_required or (is_required is null and status = 'pending')
    union all
    select
        *,
        'checks_assumed' as fact
    from head_checks
    where is_required is null

),

steps as (

    select
        change_key,
        fact,
        started_at as occurred_at,
        event_id,
        1 as delta
    from facts
    where ended_at is null or started_at < ended_at
    union all
    select
        change_key,
        fact,
        ended_at as occurred_at,
        event_id,
        -1 as delta
    from facts
    where started_at < ended_at

)

select * from steps

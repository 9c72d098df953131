with

change_states as (

    select * from {{ ref('int_flow__change_states') }}

),

judged as (

    select
        change_key,
        occurred_at,
        draft > 0 as is_draft,
        coalesce(
            opened > 0
            and approvals > 0
            and not is_approval_missing
            and (required_approvals > 0 or approvals_assumed > 0),
            false
        ) as is_given
    from change_states

),

given as (

    select
        *,
        cast(
            sum(case when is_given then 0 else 1 end) over (
                partition by change_key order by occurred_at rows between unbounded preceding and current row
            ) as bigint
        ) as approval_number,
        is_given and not is_draft as is_approved
    from judged

),

turning_points as (

    select
        *,
        coalesce(lag(is_approved) over (partition by change_key order by occurred_at), false) as was_approved
    from given

),

approval_spans as (

    select
        change_key,
        is_approved,
        occurred_at as approved_at,
        lead(occurred_at) over (partition by change_key order by occurred_at) as lost_at,
        approval_number
    from turning_points
    where is_approved != was_approved

)

select
    change_key,
    approved_at,
    lost_at,
    approval_number
from approval_spans
where is_approved

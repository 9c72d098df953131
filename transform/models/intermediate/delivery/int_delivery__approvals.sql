with

gates as (

    select * from {{ ref('int_delivery__gates') }}

),

measured as (

    select
        {{ surrogate_key('deployment', 'connection', 'deployment') }} as deployment_key,
        opened_at,
        decided_at,
        {{ possible_seconds('opened_at', 'decided_at') }} as wait_seconds,
        coalesce(decided_at < opened_at, false) as is_impossible
    from gates

)

select
    deployment_key,
    case
        when count(*) = count(wait_seconds) then cast(sum(wait_seconds) as bigint)
    end as approval_wait_seconds,
    bool_or(is_impossible) as is_impossible,
    min(case when is_impossible then opened_at end) as impossible_start_at,
    min(case when is_impossible then decided_at end) as impossible_end_at
from measured
group by deployment_key

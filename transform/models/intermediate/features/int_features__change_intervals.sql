with

milestones as (

    select * from {{ ref('int_features__change_milestones') }}

),

intervals as (

    select
        change_key,
        'exposure_wait' as stage,
        live_at as entered_at,
        exposed_at as exited_at
    from milestones
    where is_flag_observed
    union all
    select
        change_key,
        'adoption' as stage,
        greatest(live_at, exposed_at) as entered_at,
        case when adopted_at is not null then greatest(live_at, adopted_at) end as exited_at
    from milestones
    where has_key_event and exposed_at is not null

)

select
    change_key,
    {{ surrogate_key('stage', 'stage') }} as stage_key,
    stage,
    entered_at,
    exited_at
from intervals
where coalesce(entered_at < exited_at, true)

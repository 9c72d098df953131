with

handoffs as (

    select * from {{ ref('int_items__all_handoffs') }}

),

team_days as (

    select * from {{ ref('int_flow__team_days') }}

),

working_days as (

    select * from {{ ref('int_flow__working_days') }}

),

measured as (

    select
        handoffs.*,
        {{ possible_seconds('handoffs.requested_at', 'handoffs.accepted_at') }}
            as wait_calendar_seconds,
        case
            when handoffs.accepted_at >= handoffs.requested_at
                then {{ business_seconds('handoffs.requested_at', 'handoffs.accepted_at') }}
        end as wait_business_seconds,
        {{ seconds_null_reason(
            'handoffs.requested_at',
            'handoffs.accepted_at',
            "case handoffs.outcome when 'pending' then 'not_yet' else 'not_applicable' end"
        ) }} as wait_calendar_seconds_null_reason
    from handoffs
    left join team_days as start_days
        on
            handoffs.to_team_key = start_days.team_key
            and cast(handoffs.requested_at as date) = start_days.utc_date
    left join working_days as end_days
        on
            start_days.calendar = end_days.calendar
            and start_days.version = end_days.version
            and cast(handoffs.accepted_at as date) = end_days.utc_date

)

select
    handoff_key,
    flow_item_key,
    flow_item_type,
    mechanism,
    from_role,
    to_role,
    {{ known_key('from_person_key') }} as from_person_key,
    case when outcome = 'accepted' then {{ known_key('to_person_key') }} end as to_person_key,
    {{ known_key('from_team_key') }} as from_team_key,
    {{ known_key('to_team_key') }} as to_team_key,
    requested_at,
    accepted_at,
    settled_at,
    outcome,
    wait_calendar_seconds,
    wait_calendar_seconds_null_reason,
    wait_business_seconds,
    case
        when wait_business_seconds is null then coalesce(wait_calendar_seconds_null_reason, 'not_applicable')
    end as wait_business_seconds_null_reason,
    is_return,
    round_number
from measured

with

owned_visits as (

    select * from {{ ref('int_flow__owned_visits') }}

),

team_days as (

    select * from {{ ref('int_flow__team_days') }}

),

working_days as (

    select * from {{ ref('int_flow__working_days') }}

),

measured as (

    select
        owned_visits.*,
        {{ seconds_between('owned_visits.entered_at', 'owned_visits.exited_at') }} as calendar_seconds,
        {{ business_seconds('owned_visits.entered_at', 'owned_visits.exited_at') }} as business_seconds
    from owned_visits
    left join team_days as start_days
        on
            owned_visits.owner_team_key = start_days.team_key
            and cast(owned_visits.entered_at as date) = start_days.utc_date
    left join working_days as end_days
        on
            start_days.calendar = end_days.calendar
            and start_days.version = end_days.version
            and cast(owned_visits.exited_at as date) = end_days.utc_date

)

select
    {{ surrogate_key('stage_visit', 'change_key', 'stage', 'cast(visit_number as string)') }}
        as stage_visit_key,
    change_key as flow_item_key,
    'change' as flow_item_type,
    stage_key,
    visit_number,
    entered_at,
    exited_at,
    exit_reason,
    waiting_on_role,
    {{ known_key('person_key') }} as person_key,
    {{ known_key('team_key') }} as team_key,
    {{ known_key('owner_team_key') }} as owner_team_key,
    repository_key,
    {{ known_key('service_key') }} as service_key,
    calendar_seconds,
    case when exited_at is null then 'not_yet' end as calendar_seconds_null_reason,
    business_seconds,
    case
        when exited_at is null then 'not_yet'
        when business_seconds is null then 'not_applicable'
    end as business_seconds_null_reason,
    exited_at is null as is_open,
    evidence,
    source_event_id
from measured

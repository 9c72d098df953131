with

all_visits as (

    select * from {{ ref('int_items__all_visits') }}

),

team_days as (

    select * from {{ ref('int_flow__team_days') }}

),

working_days as (

    select * from {{ ref('int_flow__working_days') }}

),

measured as (

    select
        all_visits.*,
        {{ seconds_between('all_visits.entered_at', 'all_visits.exited_at') }} as calendar_seconds,
        {{ business_seconds('all_visits.entered_at', 'all_visits.exited_at') }} as business_seconds
    from all_visits
    left join team_days as start_days
        on
            all_visits.owner_team_key = start_days.team_key
            and cast(all_visits.entered_at as date) = start_days.utc_date
    left join working_days as end_days
        on
            start_days.calendar = end_days.calendar
            and start_days.version = end_days.version
            and cast(all_visits.exited_at as date) = end_days.utc_date

)

select
    {{ surrogate_key('stage_visit', 'flow_item_key', 'stage', 'cast(visit_number as string)') }}
        as stage_visit_key,
    flow_item_key,
    flow_item_type,
    stage_key,
    visit_number,
    entered_at,
    exited_at,
    exit_reason,
    waiting_on_role,
    {{ known_key('person_key') }} as person_key,
    {{ known_key('team_key') }} as team_key,
    {{ known_key('owner_team_key') }} as owner_team_key,
    {{ known_key('repository_key') }} as repository_key,
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

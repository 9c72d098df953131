{{ config(tags=['clock']) }}

with

review_requests as (

    select * from {{ ref('int_flow__request_teams') }}

),

horizons as (

    select * from {{ ref('int_flow__horizons') }}

),

targets as (

    select * from {{ ref('int_flow__review_targets') }}

),

team_days as (

    select * from {{ ref('int_flow__team_days') }}

),

working_days as (

    select * from {{ ref('int_flow__working_days') }}

),

waited as (

    select
        review_requests.*,
        targets.sla_hours,
        case
            when review_requests.requested_at is not null
                then coalesce(review_requests.settled_at, horizons.observed_until_at)
        end as waited_until_at
    from review_requests
    inner join horizons
        on review_requests.connection = horizons.connection
    cross join targets

),

measured as (

    select
        waited.*,
        {{ business_seconds('waited.requested_at', 'waited.waited_until_at') }} as waited_business_seconds
    from waited
    left join team_days as start_days
        on
            waited.team_key = start_days.team_key
            and cast(waited.requested_at as date) = start_days.utc_date
    left join working_days as end_days
        on
            start_days.calendar = end_days.calendar
            and start_days.version = end_days.version
            and cast(waited.waited_until_at as date) = end_days.utc_date

),

judged as (

    select
        *,
        case when outcome = 'accepted' and requested_at is not null then answered_at end as counted_answer_at,
        case
            when outcome = 'pending' then 'not_yet'
            else 'not_applicable'
        end as unanswered_reason,
        case
            when waited_business_seconds > sla_hours * 3600 then 'breached'
            when waited_business_seconds is null or sla_hours is null then null
            when outcome = 'accepted' then 'met'
            when outcome = 'pending' then 'running'
        end as sla_state
    from measured

)

select
    {{ surrogate_key('review_request', 'connection', 'event_id') }} as review_request_key,
    change_key,
    repository_key,
    {{ known_key('asked_person_key') }} as person_key,
    {{ known_key('team_key') }} as team_key,
    subject_team as asked_team,
    asked_at,
    requested_at,
    answered_at as responded_at,
    outcome,
    {{ seconds_between('requested_at', 'counted_answer_at') }} as wait_calendar_seconds,
    case when counted_answer_at is null then unanswered_reason end as wait_calendar_seconds_null_reason,
    case when counted_answer_at is not null then waited_business_seconds end as wait_business_seconds,
    case
        when counted_answer_at is null then unanswered_reason
        when waited_business_seconds is null then 'not_applicable'
    end as wait_business_seconds_null_reason,
    sla_hours,
    sla_state
from judged

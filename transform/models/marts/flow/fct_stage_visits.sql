with

visits as (

    select * from {{ ref('int_flow__visits') }}

),

changes as (

    select * from {{ ref('int_flow__changes') }}

),

item_teams as (

    select * from {{ ref('int_flow__item_teams') }}

),

visit_reviewers as (

    select * from {{ ref('int_flow__visit_reviewers') }}

),

visit_events as (

    select * from {{ ref('int_flow__visit_events') }}

),

team_days as (

    select * from {{ ref('int_flow__team_days') }}

),

working_days as (

    select * from {{ ref('int_flow__working_days') }}

),

owned as (

    select
        visits.*,
        changes.repository_key,
        item_teams.service_key,
        item_teams.team_key,
        case
            when visits.stage in ('review_wait', 'review')
                then coalesce(visit_reviewers.reviewer_team_key, item_teams.team_key)
            when visits.stage in ('ci', 'release_wait', 'approval_wait', 'deploy')
                then coalesce(item_teams.service_team_key, item_teams.team_key)
            else item_teams.team_key
        end as owner_team_key,
        case visits.waiting_on_role
            when 'author' then changes.author_person_key
            when 'reviewer' then visit_reviewers.reviewer_person_key
        end as person_key,
        coalesce(visit_events.event_id, visits.outside_event_id) as source_event_id
    from visits
    inner join changes
        on visits.change_key = changes.change_key
    inner join item_teams
        on
            visits.change_key = item_teams.change_key
            and visits.entered_at = item_teams.instant
    left join visit_reviewers
        on
            visits.change_key = visit_reviewers.change_key
            and visits.entered_at = visit_reviewers.entered_at
    left join visit_events
        on
            visits.change_key = visit_events.change_key
            and visits.entered_at = visit_events.entered_at

),

measured as (

    select
        owned.*,
        {{ seconds_between('owned.entered_at', 'owned.exited_at') }} as calendar_seconds,
        {{ business_seconds('owned.entered_at', 'owned.exited_at') }} as business_seconds
    from owned
    left join team_days as start_days
        on
            owned.owner_team_key = start_days.team_key
            and cast(owned.entered_at as date) = start_days.utc_date
    left join working_days as end_days
        on
            start_days.calendar = end_days.calendar
            and start_days.version = end_days.version
            and cast(owned.exited_at as date) = end_days.utc_date

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

{#- A request to a team that was taken back counts for nothing; what stood to the end was not taken up. -#}
with

changes as (

    select * from {{ ref('int_metrics__changes') }}

),

unowned_changes as (

    select * from {{ ref('int_metrics__unowned_changes') }}

),

request_teams as (

    select * from {{ ref('int_flow__request_teams') }}
    where subject_team is not null and outcome != 'superseded'

),

review_requests as (

    select * from {{ ref('fct_review_requests') }}

),

changed_paths as (

    select * from {{ ref('int_metrics__changed_paths') }}

),

questions as (

    select
        'ready_change' as question,
        {{ known_key('team_key') }} as team_key,
        ready_at as asked_at,
        is_unowned as is_gap,
        is_running
    from unowned_changes
    union all
    select
        'team_request' as question,
        {{ known_key('request_teams.team_key') }} as team_key,
        request_teams.requested_at as asked_at,
        case
            when request_teams.outcome = 'accepted' then false
            when request_teams.settled_at = changes.closed_at then true
            when review_requests.sla_state = 'breached' then true
        end as is_gap,
        request_teams.outcome = 'pending' as is_running
    from request_teams
    inner join changes
        on request_teams.change_key = changes.change_key
    inner join review_requests
        on
            {{ surrogate_key('review_request', 'request_teams.connection', 'request_teams.event_id') }}
            = review_requests.review_request_key
    where request_teams.outcome != 'withdrawn' or request_teams.settled_at = changes.closed_at
    union all
    select
        'changed_path' as question,
        {{ known_key('team_key') }} as team_key,
        merged_at as asked_at,
        not is_owned as is_gap,
        false as is_running
    from changed_paths

),

dated as (

    select
        questions.*,
        days.week_start
    from questions
    {{ join_reporting_day('questions.asked_at', 'days') }}

),

scopes as (

    {{ scoped('dated', {'team': 'team_key'}) }}

)

select
    week_start,
    scope,
    scope_key,
    count(case when question = 'ready_change' then is_gap end) as ready_change_count,
    count(case when question = 'ready_change' and is_gap then 1 end) as unowned_change_count,
    count(case when question = 'team_request' then is_gap end) as team_request_count,
    count(case when question = 'team_request' and is_gap then 1 end) as untaken_team_request_count,
    count(case when question = 'changed_path' then is_gap end) as changed_path_count,
    count(case when question = 'changed_path' and is_gap then 1 end) as unowned_path_count,
    count(case when is_running then 1 end) as running_count
from scopes
group by week_start, scope, scope_key

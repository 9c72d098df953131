{#-
Requests to persons; one who is asked anew for the same change, without having answered, carries it once, from the
first week on: whatever is asked later, the load of a week that is over stands.
-#}
with

requests as (

    select * from {{ ref('int_flow__request_teams') }}

),

persons as (

    select * from {{ ref('dim_person') }}

),

changes as (

    select * from {{ ref('fct_changes') }}

),

asked as (

    select
        *,
        lag(outcome) over (
            partition by change_key, asked_person_key order by asked_at, event_id
        ) as previous_outcome
    from requests
    where requested_at is not null

),

dated as (

    select
        requests.asked_person_key,
        {{ known_key('requests.team_key') }} as team_key,
        days.week_start,
        changes.additions + changes.deletions as changed_line_count
    from asked as requests
    inner join persons
        on requests.asked_person_key = persons.person_key
    inner join changes
        on requests.change_key = changes.change_key
    {{ join_reporting_day('requests.requested_at', 'days') }}
    where persons.is_human and requests.previous_outcome is distinct from 'superseded'

),

scopes as (

    {{ scoped('dated', {'team': 'team_key'}) }}

),

loads as (

    select
        week_start,
        scope,
        scope_key,
        asked_person_key,
        count(*) as request_count,
        cast(coalesce(sum(changed_line_count), 0) as double) as line_count
    from scopes
    group by week_start, scope, scope_key, asked_person_key

),

ranked as (

    select
        *,
        row_number() over (
            partition by week_start, scope, scope_key order by request_count desc, asked_person_key asc
        ) as place
    from loads

)

select
    week_start,
    scope,
    scope_key,
    cast(sum(request_count) as bigint) as request_count,
    count(*) as reviewer_count,
    cast(max(request_count) as double) / sum(request_count) as top1_share,
    cast(sum(case when place <= 3 then request_count end) as double) / sum(request_count)
        as top3_share,
    cast(sum(request_count * request_count) as double)
    / (sum(request_count) * sum(request_count)) as herfindahl_index,
    sum(line_count) * sum(line_count) / nullif(sum(line_count * line_count), 0)
        as effective_reviewer_count_by_lines
from ranked
group by week_start, scope, scope_key

with

requests as (

    select * from {{ ref('int_flow__request_teams') }}

),

persons as (

    select * from {{ ref('dim_person') }}

),

weeks as (

    select * from {{ ref('int_metrics__weeks') }}

),

pending as (

    select
        requests.asked_person_key,
        {{ known_key('requests.team_key') }} as team_key,
        weeks.week_start
    from requests
    inner join persons
        on requests.asked_person_key = persons.person_key
    inner join weeks
        on
            requests.requested_at < weeks.ends_at
            and coalesce(requests.settled_at >= weeks.ends_at, true)
    where persons.is_human

),

scopes as (

    {{ scoped('pending', {'team': 'team_key'}) }}

)

select
    week_start,
    scope,
    scope_key,
    count(*) as pending_request_count,
    count(distinct asked_person_key) as pending_reviewer_count
from scopes
group by week_start, scope, scope_key

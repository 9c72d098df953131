{{ config(tags=['clock']) }}

with

requests as (

    select * from {{ ref('fct_review_requests') }}

),

persons as (

    select * from {{ ref('dim_person') }}

),

weeks as (

    select * from {{ ref('int_metrics__weeks') }}

),

dated as (

    select
        requests.*,
        days.week_start
    from requests
    inner join persons
        on requests.person_key = persons.person_key
    {{ join_reporting_day('requests.requested_at', 'days') }}
    where persons.is_human or persons.person_key = {{ unknown_key() }}

),

scopes as (

    {{ scoped('dated', {'team': 'team_key', 'repository': 'repository_key'}) }}

),

counts as (

    select
        week_start,
        scope,
        scope_key,
        max(sla_hours) as sla_hours,
        count(*) as request_count,
        count(case when outcome = 'accepted' then 1 end) as answered_count,
        count(case when outcome in ('withdrawn', 'superseded') then 1 end) as withdrawn_count,
        count(case when outcome = 'pending' then 1 end) as pending_count,
        count(case when sla_state = 'met' then 1 end) as met_count,
        count(case when sla_state = 'breached' then 1 end) as breached_count,
        count(case when sla_state = 'running' then 1 end) as running_count
    from scopes
    group by week_start, scope, scope_key

)

select
    {{ surrogate_key(
        'review_sla_weekly', 'cast(counts.week_start as string)', 'counts.scope', 'counts.scope_key'
    ) }}
        as review_sla_weekly_key,
    counts.week_start,
    counts.scope,
    case when counts.scope = 'team' then counts.scope_key end as team_key,
    case when counts.scope = 'repository' then counts.scope_key end as repository_key,
    counts.sla_hours,
    counts.request_count,
    counts.answered_count,
    counts.withdrawn_count,
    counts.pending_count,
    counts.met_count,
    counts.breached_count,
    counts.running_count,
    counts.met_count + counts.breached_count as judged_count,
    {{ share_columns('met_share', 'counts.met_count', '(counts.met_count + counts.breached_count)') }},
    weeks.is_over and counts.running_count = 0 as is_final
from counts
inner join weeks
    on counts.week_start = weeks.week_start

{#-
Three looks at the same latencies. Arrivals are followed to their end or the horizon; departures are what ended
in the week; the snapshot is what was open at its end, with its age as the duration. History is all arrivals of
stages and of features' exposures as one cohort, dated by its first week: what is usual, whatever the week.
-#}
with

latency_weeks as (

    select * from {{ ref('int_metrics__latency_weeks') }}

),

weeks as (

    select * from {{ ref('int_metrics__weeks') }}

),

open_weeks as (

    select
        latency_weeks.*,
        week_number.week_number
    from latency_weeks
    {{ cross_unnest(integer_series('first_week_number', 'last_week_number'), 'week_number') }}

),

snapshots as (

    select
        open_weeks.*,
        least(weeks.ends_at, open_weeks.observed_until_at) as seen_at
    from open_weeks
    inner join weeks
        on open_weeks.week_number = weeks.week_number
    where open_weeks.ended_at is null or open_weeks.ended_at >= weeks.ends_at

),

cohorts as (

    select
        'arrivals' as cohort,
        first_week_number as week_number,
        kind,
        subject,
        repository_key,
        team_key,
        service_key,
        outcome,
        {{ seconds_between('started_at', 'followed_until_at') }} as duration_seconds
    from latency_weeks
    union all
    select
        'departures' as cohort,
        last_week_number as week_number,
        kind,
        subject,
        repository_key,
        team_key,
        service_key,
        outcome,
        {{ seconds_between('started_at', 'ended_at') }} as duration_seconds
    from latency_weeks
    where outcome = 'ended'
    union all
    select
        'snapshot' as cohort,
        week_number,
        kind,
        subject,
        repository_key,
        team_key,
        service_key,
        'ended' as outcome,
        {{ seconds_between('started_at', 'seen_at') }} as duration_seconds
    from snapshots
    union all
    select
        'history' as cohort,
        min(first_week_number) over (partition by kind, subject) as week_number,
        kind,
        subject,
        {{ unknown_key() }} as repository_key,
        {{ unknown_key() }} as team_key,
        {{ unknown_key() }} as service_key,
        outcome,
        {{ seconds_between('started_at', 'followed_until_at') }} as duration_seconds
    from latency_weeks
    where kind in ('stage', 'adoption')

),

scopes as (

    {{ scoped('cohorts', {'team': 'team_key', 'service': 'service_key', 'repository': 'repository_key'}) }}

)

select
    scopes.kind,
    scopes.subject,
    scopes.cohort,
    weeks.week_start,
    scopes.scope,
    scopes.scope_key,
    scopes.outcome,
    scopes.duration_seconds
from scopes
inner join weeks
    on scopes.week_number = weeks.week_number

{#- Ready for longer than the target of reviews without anybody being named, or answering unasked. -#}
with

changes as (

    select * from {{ ref('int_metrics__changes') }}

),

requests as (

    select * from {{ ref('fct_review_requests') }}

),

persons as (

    select * from {{ ref('dim_person') }}

),

targets as (

    select * from {{ ref('int_flow__review_targets') }}

),

connection_horizons as (

    select * from {{ ref('int_flow__connection_horizons') }}

),

team_days as (

    select * from {{ ref('int_flow__team_days') }}

),

working_days as (

    select * from {{ ref('int_flow__working_days') }}

),

named as (

    select
        requests.change_key,
        min(requests.requested_at) as named_at
    from requests
    inner join persons
        on requests.person_key = persons.person_key
    where persons.is_human
    group by requests.change_key

),

owned as (

    select
        changes.change_key,
        changes.team_key,
        changes.ready_at,
        least(named.named_at, changes.first_response_at, changes.closed_at) as reached_at,
        connection_horizons.observed_until_at
    from changes
    inner join connection_horizons
        on changes.connection = connection_horizons.connection
    left join named
        on changes.change_key = named.change_key
    where
        changes.ready_at is not null
        and changes.ready_at <= connection_horizons.observed_until_at

),

bounded as (

    select
        *,
        reached_at is not null as is_settled,
        coalesce({{ later_of('ready_at', 'reached_at') }}, observed_until_at) as waited_until_at
    from owned

),

waits as (

    select
        bounded.*,
        targets.sla_hours,
        {{ business_seconds('bounded.ready_at', 'bounded.waited_until_at') }} as waited_business_seconds
    from bounded
    cross join targets
    left join team_days as start_days
        on
            bounded.team_key = start_days.team_key
            and cast(bounded.ready_at as date) = start_days.utc_date
    left join working_days as end_days
        on
            start_days.calendar = end_days.calendar
            and start_days.version = end_days.version
            and cast(bounded.waited_until_at as date) = end_days.utc_date

)

select
    change_key,
    team_key,
    ready_at,
    is_settled,
    waited_business_seconds,
    case
        when waited_business_seconds > sla_hours * 3600 then true
        when is_settled and waited_business_seconds is not null then false
    end as is_unowned,
    not is_settled and coalesce(waited_business_seconds <= sla_hours * 3600, false) as is_running
from waits

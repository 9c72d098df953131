with

incidents as (

    select * from {{ ref('int_incidents__incidents') }}

),

events as (

    select * from {{ ref('int_incidents__events') }}

),

steps as (

    select
        incident_key,
        occurred_at,
        event_id,
        sequence,
        type,
        actor_person_key
    from events
    where is_of_root or sequence = 1
    union all
    select
        incident_key,
        started_at as occurred_at,
        cast(null as string) as event_id,
        0 as sequence,
        'started' as type,
        cast(null as string) as actor_person_key
    from incidents
    where started_at < triggered_at

),

marked as (

    select
        *,
        max(case when type = 'triggered' then sequence end) over history as triggered_sequence,
        max(case when type = 'acknowledged' then sequence end) over history as acknowledged_sequence,
        max(case when type = 'mitigated' then sequence end) over history as mitigated_sequence,
        max(case when type = 'resolved' then sequence end) over history as resolved_sequence,
        coalesce(max(case when type in ('reopened', 'triggered') then sequence end) over history, 0)
            as opened_sequence,
        {{ last_known(
            "case when type = 'acknowledged' then actor_person_key end",
            'partition by incident_key order by sequence'
        ) }} as responder_person_key
    from steps
    window history as (partition by incident_key order by sequence)

)

select
    incident_key,
    occurred_at,
    event_id,
    type,
    case
        when triggered_sequence is null then 'detect'
        when resolved_sequence > opened_sequence then 'finished'
        when mitigated_sequence > opened_sequence then 'resolve'
        when acknowledged_sequence is not null then 'mitigate'
        else 'acknowledge'
    end as state,
    responder_person_key
from marked
qualify row_number() over (partition by incident_key, occurred_at order by sequence desc) = 1

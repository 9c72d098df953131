with

roots as (

    select * from {{ ref('int_incidents__roots') }}

),

incidents as (

    select * from {{ ref('incidents') }}

),

events as (

    select * from {{ ref('incident_events') }}

),

horizons as (

    select * from {{ ref('int_flow__horizons') }}

),

accounts as (

    select * from {{ ref('int_people__accounts') }}

),

-- the opening is made from the incident, as not every source has an event for it
all_events as (

    select
        connection,
        source_id as incident,
        cast(null as string) as event_id,
        'triggered' as type,
        triggered_at as occurred_at,
        cast(null as string) as actor_account,
        cast(null as string) as subject_account
    from incidents
    union all
    select
        connection,
        incident,
        source_id as event_id,
        type,
        occurred_at,
        actor_account,
        subject_account
    from events
    where type not in ('triggered', 'merged')

)

select
    roots.incident_key,
    roots.incident = roots.root as is_of_root,
    all_events.event_id,
    all_events.type,
    all_events.occurred_at,
    actors.person_key as actor_person_key,
    subjects.person_key as subject_person_key,
    row_number() over (
        partition by roots.incident_key
        order by
            all_events.occurred_at asc,
            case all_events.type
                when 'triggered' then 1
                when 'reopened' then 2
                when 'acknowledged' then 3
                when 'mitigated' then 5
                when 'resolved' then 6
                else 4
            end asc,
            all_events.event_id asc
    ) as sequence
from all_events
inner join roots
    on
        all_events.connection = roots.connection
        and all_events.incident = roots.incident
inner join horizons
    on
        all_events.connection = horizons.connection
        and all_events.occurred_at <= horizons.events_until_at
left join accounts as actors
    on
        all_events.connection = actors.connection
        and all_events.actor_account = actors.account
left join accounts as subjects
    on
        all_events.connection = subjects.connection
        and all_events.subject_account = subjects.account
where roots.incident = roots.root or all_events.type = 'triggered'

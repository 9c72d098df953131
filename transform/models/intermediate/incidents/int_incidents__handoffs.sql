with

incidents as (

    select * from {{ ref('int_incidents__facts') }}

),

events as (

    select * from {{ ref('int_incidents__events') }}

),

followed as (

    select
        *,
        min(case when type in ('acknowledged', 'mitigated', 'resolved') then occurred_at end) over ahead
            as acted_at,
        min(case when type = 'escalated' then occurred_at end) over ahead as escalated_again_at,
        {{ last_known(
            "coalesce(subject_person_key, actor_person_key)",
            'partition by incident_key order by sequence rows between unbounded preceding and 1 preceding'
        ) }} as holder_person_key
    from events
    where is_of_root
    window ahead as (
        partition by incident_key order by sequence rows between 1 following and unbounded following
    )

),

escalations as (

    select
        *,
        case
            when acted_at <= coalesce(escalated_again_at, acted_at) then 'accepted'
            when escalated_again_at is not null then 'superseded'
            else 'pending'
        end as outcome
    from followed
    where type = 'escalated'

)

select
    'incident' as flow_item_type,
    incident_key as flow_item_key,
    'incident_escalation' as mechanism,
    'ops' as from_role,
    'ops' as to_role,
    holder_person_key as from_person_key,
    subject_person_key as to_person_key,
    cast(null as string) as team_key,
    occurred_at as requested_at,
    case outcome when 'accepted' then acted_at end as accepted_at,
    case outcome when 'accepted' then acted_at when 'superseded' then escalated_again_at end as settled_at,
    outcome
from escalations
union all
select
    'incident' as flow_item_type,
    incident_key as flow_item_key,
    'incident_resolution' as mechanism,
    'ops' as from_role,
    'product' as to_role,
    cast(null as string) as from_person_key,
    cast(null as string) as to_person_key,
    team_key,
    mitigated_at as requested_at,
    case when resolved_at >= mitigated_at then resolved_at end as accepted_at,
    case when resolved_at >= mitigated_at then resolved_at end as settled_at,
    case when resolved_at >= mitigated_at then 'accepted' else 'pending' end as outcome
from incidents
where mitigated_at is not null

{#-
An alert that a machine resolved before anybody looked at it is noise, of a subject of its own. Being resolved
competes with what had not come before it, but not with what the connection never tells of. Rejecting a ticket
competes with deciding that it is to be done; a no is a decision, too, so there is one of either.
-#}
with

measures as (

    select * from {{ ref('int_items__measures') }}

),

incidents as (

    select * from {{ ref('int_incidents__facts') }}

),

work_items as (

    select * from {{ ref('fct_work_items') }}

),

adoptions as (

    select * from {{ ref('fct_feature_adoption') }}

)

select
    'incident' as kind,
    case
        when incidents.is_auto_resolved then 'auto_resolve'
        else replace(replace(measures.measure, 'time_to_', ''), '_seconds', '')
    end as subject,
    incidents.incident_key as item_key,
    incidents.connection,
    incidents.team_key,
    incidents.service_key,
    measures.started_at,
    coalesce(measures.ended_at, incidents.resolved_at) as ended_at,
    case
        when measures.null_reason is null then 'ended'
        when measures.null_reason = 'not_yet' then 'censored'
        when
            measures.null_reason = 'not_observed'
            and (
                (measures.measure = 'time_to_acknowledge_seconds' and incidents.is_acknowledgement_told)
                or (measures.measure = 'time_to_mitigate_seconds' and incidents.is_mitigation_told)
            )
            then 'competing'
    end as outcome
from measures
inner join incidents
    on measures.item_key = incidents.incident_key
where measures.measure = 'time_to_resolve_seconds' or not incidents.is_auto_resolved
{%- for subject, measure, rejection in [
    ('decision', 'decision_seconds', 'competing'),
    ('decision_or_rejection', 'decision_seconds', 'ended'),
    ('start_wait', 'start_wait_seconds', 'competing'),
] %}
    union all
    select
        'work_item' as kind,
        '{{ subject }}' as subject,
        work_items.work_item_key as item_key,
        work_items.connection,
        work_items.team_key,
        cast(null as string) as service_key,
        measures.started_at,
        coalesce(measures.ended_at, work_items.rejected_at) as ended_at,
        case
            when measures.null_reason is null then 'ended'
            when measures.null_reason = 'not_yet' then 'censored'
            when measures.null_reason = 'not_applicable' and work_items.state = 'rejected'
                then '{{ rejection }}'
        end as outcome
    from measures
    inner join work_items
        on measures.item_key = work_items.work_item_key
    where measures.measure = '{{ measure }}'
{%- endfor %}
union all
select
    'adoption' as kind,
    feature_key as subject,
    customer_account_key as item_key,
    '' as connection,
    cast(null as string) as team_key,
    cast(null as string) as service_key,
    exposed_at as started_at,
    first_used_at as ended_at,
    case
        when adoption_lag_seconds_null_reason is null then 'ended'
        when adoption_lag_seconds_null_reason = 'not_yet' then 'censored'
    end as outcome
from adoptions
where is_eligible

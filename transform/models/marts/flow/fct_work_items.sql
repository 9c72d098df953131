{%- set measures = [
    'decision_seconds',
    'start_wait_seconds',
    'start_to_deploy_seconds',
    'idea_to_deploy_seconds',
    'idea_to_exposure_seconds',
    'idea_to_adoption_seconds',
] %}

with

facts as (

    select * from {{ ref('int_work_items__facts') }}

),

all_measures as (

    select * from {{ ref('int_items__measures') }}

),

visits as (

    select * from {{ ref('int_items__visits') }}

),

last_visits as (

    select
        flow_item_key,
        team_key,
        person_key
    from visits
    where flow_item_type = 'work_item'
    qualify row_number() over (partition by flow_item_key order by entered_at desc) = 1

),

timings as (

    select
        item_key,
    {%- for measure in measures %}
        max(case when measure = '{{ measure }}' then seconds end) as {{ measure }},
        max(case when measure = '{{ measure }}' then null_reason end) as {{ measure }}_null_reason
        {{- "," if not loop.last }}
    {%- endfor %}
    from all_measures
    where flow_item_type = 'work_item'
    group by item_key

)

select
    facts.work_item_key,
    facts.connection,
    facts.work_item as source_id,
    facts.type,
    facts.state,
    {{ known_key('facts.reporter_person_key') }} as reporter_person_key,
    {{ known_key('last_visits.person_key') }} as assignee_person_key,
    {{ known_key('last_visits.team_key') }} as team_key,
    facts.created_at,
    facts.ready_at,
    facts.started_at,
    facts.first_change_at,
    facts.last_deployed_at,
    facts.exposed_at,
    facts.adopted_at,
    case facts.state when 'done' then facts.ended_at end as done_at,
    case facts.state when 'rejected' then facts.ended_at end as rejected_at,
    {%- for measure in measures %}
        timings.{{ measure }},
        timings.{{ measure }}_null_reason,
    {%- endfor %}
    facts.closed_seconds,
    facts.evidence,
    facts.change_count,
    facts.first_due_at,
    facts.due_at,
    facts.due_push_count,
    facts.exposed_at > facts.first_due_at as is_window_missed,
    case
        when facts.first_due_at is null then 'not_applicable'
        when facts.exposed_at is null then coalesce(facts.exposure_null_reason, 'not_observed')
    end as is_window_missed_null_reason
from facts
inner join timings
    on facts.work_item_key = timings.item_key
left join last_visits
    on facts.work_item_key = last_visits.flow_item_key

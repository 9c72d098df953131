{{ config(materialized='table') }}

{%- set known_facts = [
    'event_id', 'ticket_stage', 'evidence', 'assignee_account', 'is_in_sprint', 'change_stage'
] %}

with

items as (

    select * from {{ ref('int_work_items__items') }}

),

status_events as (

    select * from {{ ref('int_work_items__status_events') }}

),

field_events as (

    select * from {{ ref('int_work_items__field_events') }}

),

change_states as (

    select * from {{ ref('int_work_items__change_states') }}

),

-- '' is nobody, as null says nothing
facts as (

    select
        work_item_key,
        occurred_at,
        sequence,
        event_id,
        ticket_stage,
        evidence,
        cast(null as string) as assignee_account,
        cast(null as boolean) as is_in_sprint,
        cast(null as string) as change_stage
    from status_events
    union all
    select
        work_item_key,
        occurred_at,
        sequence,
        event_id,
        cast(null as string) as ticket_stage,
        cast(null as string) as evidence,
        case when field = 'assignee' then coalesce(to_value, '') end as assignee_account,
        case when field = 'sprint' then coalesce(to_value, '') != '' end as is_in_sprint,
        cast(null as string) as change_stage
    from field_events
    where field in ('assignee', 'sprint')
    union all
    select
        work_item_key,
        occurred_at,
        0 as sequence,
        cast(null as string) as event_id,
        cast(null as string) as ticket_stage,
        cast(null as string) as evidence,
        cast(null as string) as assignee_account,
        cast(null as boolean) as is_in_sprint,
        change_stage
    from change_states

),

by_second as (

    select
        facts.work_item_key,
        items.connection,
        items.project,
        greatest(facts.occurred_at, items.created_at) as occurred_at,
        min(case when facts.ticket_stage is not null then facts.occurred_at end) as recorded_at,
    {%- for fact in known_facts %}
        max_by(
            facts.{{ fact }},
            case
                when facts.{{ fact }} is not null
                    then (facts.occurred_at, facts.sequence, coalesce(facts.event_id, ''))
            end
        ) as {{ fact }}{{ "," if not loop.last }}
    {%- endfor %}
    from facts
    inner join items
        on facts.work_item_key = items.work_item_key
    group by
        facts.work_item_key, items.connection, items.project, greatest(facts.occurred_at, items.created_at)

),

known as (

    select
        work_item_key,
        connection,
        project,
        occurred_at,
        recorded_at,
        event_id,
    {%- for fact in known_facts if fact != 'event_id' %}
        {{ last_known(fact, 'partition by work_item_key order by occurred_at') }} as {{ fact }}
        {{- "," if not loop.last }}
    {%- endfor %}
    from by_second

),

committed as (

    select
        work_item_key,
        connection,
        project,
        occurred_at,
        recorded_at,
        event_id,
        nullif(assignee_account, '') as assignee_account,
        coalesce(change_stage, 'none') as change_stage,
        case when ticket_stage = 'idea' and is_in_sprint then 'ready' else ticket_stage end as ticket_stage,
        case when ticket_stage = 'idea' and is_in_sprint then 'sprint' else evidence end as evidence
    from known

)

select
    work_item_key,
    connection,
    project,
    occurred_at,
    recorded_at,
    event_id,
    assignee_account,
    ticket_stage,
    evidence,
    case
        when ticket_stage = 'idea' then 'decide'
        when ticket_stage = 'ready' then 'pull_wait'
        when ticket_stage in ('qa', 'rejected') then ticket_stage
        when change_stage != 'none' then change_stage
        when ticket_stage = 'started' then 'build'
        else 'finished'
    end as state
from committed

{{ config(enabled=is_connector_enabled('jira')) }}

with

creations as (

    select * from {{ ref('int_jira__creations') }}

),

field_changes as (

    select * from {{ ref('int_jira__field_changes') }}

),

statuses as (

    select * from {{ ref('stg_jira__statuses') }}

),

sprints as (

    select * from {{ ref('stg_jira__sprints') }}

),

named as (

    select
        field_changes.connection,
        field_changes.change_id || ':' || field_changes.field as event_id,
        field_changes.issue_id,
        field_changes.field,
        field_changes.from_value,
        field_changes.to_value,
        coalesce(field_changes.from_name, from_sprints.sprint_name) as from_name,
        coalesce(field_changes.to_name, to_sprints.sprint_name) as to_name,
        statuses.status_category as to_category,
        field_changes.occurred_at,
        field_changes.actor_id,
        field_changes.extracted_at
    from field_changes
    left join statuses
        on
            field_changes.connection = statuses.connection
            and field_changes.to_value = statuses.status_id
            and field_changes.field = 'status'
    left join sprints as from_sprints
        on
            field_changes.connection = from_sprints.connection
            and field_changes.from_value = from_sprints.sprint_id
            and field_changes.field = 'sprint'
    left join sprints as to_sprints
        on
            field_changes.connection = to_sprints.connection
            and field_changes.to_value = to_sprints.sprint_id
            and field_changes.field = 'sprint'

),

events as (

    select * from creations
    union all
    select * from named

),

final as (

    select
        connection,
        'jira' as connector,
        event_id as source_id,
        issue_id as work_item,
        field,
        from_value,
        to_value,
        from_name,
        to_name,
        to_category,
        occurred_at,
        actor_id as actor_account,
        'exact' as exactness,
        extracted_at
    from events

)

select * from final

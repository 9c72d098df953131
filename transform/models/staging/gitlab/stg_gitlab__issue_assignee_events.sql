{{ config(enabled=is_connector_enabled('gitlab')) }}

with

source as (

    select * from {{ source('gitlab', 'issue_assignee_events') }}

),

renamed as (

    select
        connection,
        id as event_id,
        issue_id,
        repository_id,
        {{ to_utc('occurred_at') }} as occurred_at,
        actor_id,
        action,
        assignee_id,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed

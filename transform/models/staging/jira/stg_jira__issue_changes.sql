{{ config(enabled=is_connector_enabled('jira')) }}

with

source as (

    select * from {{ source('jira', 'issue_changes') }}

),

renamed as (

    select
        connection,
        id as change_id,
        field,
        issue_id,
        from_value,
        to_value,
        from_name,
        to_name,
        {{ to_utc('occurred_at') }} as occurred_at,
        actor_id,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed

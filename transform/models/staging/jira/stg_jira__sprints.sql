{{ config(enabled=is_connector_enabled('jira')) }}

with

source as (

    select * from {{ source('jira', 'sprints') }}

),

renamed as (

    select
        connection,
        id as sprint_id,
        board_id,
        name as sprint_name,
        state,
        {{ to_utc('started_at') }} as started_at,
        {{ to_utc('ends_at') }} as ends_at,
        {{ to_utc('completed_at') }} as completed_at,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed

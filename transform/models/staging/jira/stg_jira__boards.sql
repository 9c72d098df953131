{{ config(enabled=is_connector_enabled('jira')) }}

with

source as (

    select * from {{ source('jira', 'boards') }}

),

renamed as (

    select
        connection,
        id as board_id,
        type,
        project_id,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed

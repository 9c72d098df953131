{{ config(enabled=is_connector_enabled('jira')) }}

with

source as (

    select * from {{ source('jira', 'standing_issues') }}

),

renamed as (

    select
        connection,
        project_id,
        issue_id,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed

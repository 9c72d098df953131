{{ config(enabled=is_connector_enabled('gitlab')) }}

with

source as (

    select * from {{ source('gitlab', 'merge_request_issues') }}

),

renamed as (

    select
        connection,
        merge_request_id,
        repository_id,
        issue_id,
        issue_project_id,
        issue_number,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed

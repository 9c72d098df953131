{{ config(enabled=is_connector_enabled('github')) }}

with

source as (

    select * from {{ source('github', 'pull_request_closing_issues') }}

),

renamed as (

    select
        connection,
        pull_request_id,
        repository_id,
        issue_id,
        issue_repository,
        issue_number,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed

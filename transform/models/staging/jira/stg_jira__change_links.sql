{{ config(enabled=is_connector_enabled('jira')) }}

with

source as (

    select * from {{ source('jira', 'change_links') }}

),

renamed as (

    select
        connection,
        issue_id,
        id as link_id,
        repository,
        number,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed

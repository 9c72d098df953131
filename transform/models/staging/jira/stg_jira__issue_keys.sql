{{ config(enabled=is_connector_enabled('jira')) }}

with

source as (

    select * from {{ source('jira', 'issue_keys') }}

),

renamed as (

    select
        connection,
        issue_id,
        key as issue_key,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed

{{ config(enabled=is_connector_enabled('jira')) }}

with

source as (

    select * from {{ source('jira', 'projects') }}

),

renamed as (

    select
        connection,
        id as project_id,
        key as project_key,
        type,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed

{{ config(enabled=is_connector_enabled('jira')) }}

with

source as (

    select * from {{ source('jira', 'issue_types') }}

),

renamed as (

    select
        connection,
        id as issue_type_id,
        coalesce(untranslated_name, name) as type_name,
        is_subtask,
        hierarchy_level,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed

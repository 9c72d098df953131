{{ config(enabled=is_connector_enabled('github')) }}

with

source as (

    select * from {{ source('github', 'issues') }}

),

renamed as (

    select
        connection,
        id as issue_id,
        repository_id,
        number,
        state,
        type_label,
        author_id,
        assignee_id,
        {{ to_utc('created_at') }} as created_at,
        {{ to_utc('updated_at') }} as updated_at,
        {{ to_utc('closed_at') }} as closed_at,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed

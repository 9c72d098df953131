{{ config(enabled=is_connector_enabled('gitlab')) }}

with

source as (

    select * from {{ source('gitlab', 'issues') }}

),

renamed as (

    select
        connection,
        id as issue_id,
        repository_id,
        number,
        type,
        state,
        status_label_id,
        status_label,
        type_label,
        author_id,
        assignee_id,
        due_on,
        {{ to_utc('created_at') }} as created_at,
        {{ to_utc('updated_at') }} as updated_at,
        {{ to_utc('closed_at') }} as closed_at,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed

{{ config(enabled=is_connector_enabled('jira')) }}

with

source as (

    select * from {{ source('jira', 'statuses') }}

),

renamed as (

    select
        connection,
        id as status_id,
        name as status_name,
        case category
            when 'new' then 'todo'
            when 'indeterminate' then 'in_progress'
            when 'done' then 'done'
        end as status_category,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed

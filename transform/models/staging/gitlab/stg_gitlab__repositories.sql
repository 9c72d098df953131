{{ config(enabled=is_connector_enabled('gitlab')) }}

with

source as (

    select * from {{ source('gitlab', 'repositories') }}

),

renamed as (

    select
        connection,
        id as repository_id,
        name,
        default_branch,
        is_archived,
        is_pipeline_required,
        {{ to_utc('created_at') }} as created_at,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed

{{ config(enabled=is_connector_enabled('github')) }}

with

source as (

    select * from {{ source('github', 'repositories') }}

),

renamed as (

    select
        connection,
        id as repository_id,
        node_id,
        name,
        default_branch,
        is_archived,
        {{ to_utc('created_at') }} as created_at,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed

{{ config(enabled=is_connector_enabled('git')) }}

with

source as (

    select * from {{ source('git', 'repositories') }}

),

renamed as (

    select
        connection,
        id as repository_id,
        name,
        default_branch,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed

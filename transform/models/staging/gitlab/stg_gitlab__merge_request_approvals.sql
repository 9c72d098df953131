{{ config(enabled=is_connector_enabled('gitlab')) }}

with

source as (

    select * from {{ source('gitlab', 'merge_request_approvals') }}

),

renamed as (

    select
        connection,
        merge_request_id,
        repository_id,
        user_id,
        {{ to_utc('approved_at') }} as approved_at,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed

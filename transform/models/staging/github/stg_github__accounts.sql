{{ config(enabled=is_connector_enabled('github')) }}

with

source as (

    select * from {{ source('github', 'accounts') }}

),

renamed as (

    select
        connection,
        id as account_id,
        login,
        type,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed

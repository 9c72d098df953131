{{ config(enabled=is_connector_enabled('copilot')) }}

with

source as (

    select * from {{ source('copilot', 'accounts') }}

),

renamed as (

    select
        connection,
        id as account_id,
        login,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed

{{ config(enabled=is_connector_enabled('gitlab')) }}

with

source as (

    select * from {{ source('gitlab', 'accounts') }}

),

renamed as (

    select
        connection,
        id as account_id,
        username,
        is_bot,
        email_hash,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed

{{ config(enabled=is_connector_enabled('git')) }}

with

source as (

    select * from {{ source('git', 'accounts') }}

),

renamed as (

    select
        connection,
        id as account_id,
        name,
        {{ to_utc('named_at') }} as named_at,
        is_assistant,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed

{{ config(enabled=is_connector_enabled('claude_code')) }}

with

source as (

    select * from {{ source('claude_code', 'actors') }}

),

renamed as (

    select
        connection,
        id as actor_id,
        type as actor_type,
        email_hash,
        api_key_name,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed

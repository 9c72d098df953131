{{ config(enabled=is_connector_enabled('jira')) }}

with

source as (

    select * from {{ source('jira', 'accounts') }}

),

renamed as (

    select
        connection,
        id as account_id,
        display_name,
        type,
        email_hash,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed

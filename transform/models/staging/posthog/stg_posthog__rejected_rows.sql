{{ config(enabled=is_connector_enabled('posthog')) }}

with

source as (

    select * from {{ source('posthog', 'rejected_rows') }}

),

renamed as (

    select
        connection,
        table_name,
        row_key,
        rule,
        cast(row as string) as row_json,
        {{ to_utc('rejected_at') }} as rejected_at,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed

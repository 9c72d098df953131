{{ config(enabled=is_connector_enabled('posthog')) }}

with

source as (

    select * from {{ source('posthog', 'feature_flags') }}

),

renamed as (

    select
        connection,
        id as flag_id,
        key,
        is_active,
        is_deleted,
        enabled_share,
        target_count,
        {{ to_utc('created_at') }} as created_at,
        created_by_id,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed

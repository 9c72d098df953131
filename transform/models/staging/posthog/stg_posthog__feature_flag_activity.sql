{{ config(enabled=is_connector_enabled('posthog')) }}

with

source as (

    select * from {{ source('posthog', 'feature_flag_activity') }}

),

renamed as (

    select
        connection,
        id as activity_id,
        flag_id,
        {{ to_utc('occurred_at') }} as occurred_at,
        activity,
        flag_key,
        actor_id,
        is_active_before,
        is_active_after,
        has_new_filters,
        enabled_share_before,
        enabled_share_after,
        target_count_before,
        target_count_after,
        is_deleted_after,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed

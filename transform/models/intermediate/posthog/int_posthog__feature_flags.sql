{{ config(enabled=is_connector_enabled('posthog')) }}

with

flags as (

    select * from {{ ref('stg_posthog__feature_flags') }}

),

activity as (

    select * from {{ ref('stg_posthog__feature_flag_activity') }}

),

deletions as (

    select
        connection,
        flag_id,
        max(occurred_at) as archived_at
    from activity
    where activity = 'deleted' or is_deleted_after
    group by connection, flag_id

),

final as (

    select
        flags.connection,
        'posthog' as connector,
        flags.flag_id as source_id,
        flags.flag_id as flag,
        flags.key,
        cast(null as string) as environment,
        flags.is_active and not coalesce(flags.is_deleted, false) as is_enabled,
        flags.enabled_share,
        flags.target_count,
        flags.created_at,
        -- The list forgets deleted flags, the log does not; a flag that was restored is listed as alive.
        case when flags.is_deleted is null or flags.is_deleted then deletions.archived_at end as archived_at,
        flags.extracted_at
    from flags
    left join deletions
        on
            flags.connection = deletions.connection
            and flags.flag_id = deletions.flag_id

)

select * from final

{{ config(enabled=is_connector_enabled('posthog')) }}

with

flags as (

    select * from {{ ref('stg_posthog__feature_flags') }}

),

activity as (

    select * from {{ ref('stg_posthog__feature_flag_activity') }}

),

-- The list forgets deleted flags, whose rows stay as they last were: whether one is gone says the log.
last_words as (

    select
        connection,
        flag_id,
        case when coalesce(is_deleted_after, true) then occurred_at end as archived_at
    from activity
    where activity = 'deleted' or is_deleted_after is not null
    qualify
        row_number() over (
            partition by connection, flag_id order by occurred_at desc, activity_id desc
        ) = 1

),

final as (

    select
        flags.connection,
        'posthog' as connector,
        flags.flag_id as source_id,
        flags.flag_id as flag,
        flags.key,
        cast(null as string) as environment,
        flags.is_active
        and last_words.archived_at is null
        and not coalesce(flags.is_deleted, false) as is_enabled,
        flags.enabled_share,
        flags.target_count,
        flags.created_at,
        last_words.archived_at,
        flags.extracted_at
    from flags
    left join last_words
        on
            flags.connection = last_words.connection
            and flags.flag_id = last_words.flag_id

)

select * from final

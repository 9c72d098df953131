{{ config(enabled=is_connector_enabled('posthog')) }}

with

flags as (

    select * from {{ ref('stg_posthog__feature_flags') }}

),

activity as (

    select
        *,
        cast(sum(case when has_new_filters then 1 else 0 end) over (
            partition by connection, flag_id order by occurred_at, activity_id
            rows between unbounded preceding and current row
        ) as bigint) as filter_version,
        {{ last_known(
            'is_active_after',
            'partition by connection, flag_id order by occurred_at, activity_id '
            ~ 'rows between unbounded preceding and current row'
        ) }} as last_is_active,
        {{ first_known(
            'is_active_before',
            'partition by connection, flag_id order by occurred_at, activity_id '
            ~ 'rows between current row and unbounded following'
        ) }} as next_is_active
    from {{ ref('stg_posthog__feature_flag_activity') }}

),

-- The share may be null by itself, so it is joined by version and not carried forward.
versions as (

    select
        connection,
        flag_id,
        filter_version,
        enabled_share_after as enabled_share,
        target_count_after as target_count
    from activity
    where has_new_filters
    union all
    select
        connection,
        flag_id,
        cast(0 as bigint) as filter_version,
        enabled_share_before as enabled_share,
        target_count_before as target_count
    from activity
    where has_new_filters and filter_version = 1

),

final as (

    select
        activity.connection,
        activity.activity_id,
        activity.flag_id,
        activity.flag_key,
        activity.occurred_at,
        activity.activity,
        activity.actor_id,
        activity.has_new_filters,
        activity.is_active_after,
        activity.is_deleted_after,
        coalesce(activity.last_is_active, activity.next_is_active, flags.is_active) as is_active,
        case
            when versions.filter_version is null then flags.enabled_share
            else versions.enabled_share
        end as enabled_share,
        case
            when versions.filter_version is null then flags.target_count
            else versions.target_count
        end as target_count,
        activity.extracted_at
    from activity
    left join versions
        on
            activity.connection = versions.connection
            and activity.flag_id = versions.flag_id
            and activity.filter_version = versions.filter_version
    left join flags
        on
            activity.connection = flags.connection
            and activity.flag_id = flags.flag_id

)

select * from final

{{ config(enabled=is_connector_enabled('posthog')) }}

with

flags as (

    select * from {{ ref('stg_posthog__feature_flags') }}

),

states as (

    select * from {{ ref('int_posthog__flag_states') }}

),

named as (

    select
        *,
        case
            when activity = 'created' then 'created'
            when activity = 'deleted' or is_deleted_after then 'archived'
            when is_active_after = false then 'switched_off'
            when is_active_after or has_new_filters or is_deleted_after = false then 'rollout_changed'
        end as type
    from states

),

final as (

    select
        named.connection,
        'posthog' as connector,
        named.activity_id as source_id,
        named.flag_id as flag,
        coalesce(named.flag_key, flags.key) as key,
        cast(null as string) as environment,
        named.type,
        named.is_active and named.type != 'archived' as is_enabled,
        named.enabled_share,
        named.target_count,
        named.occurred_at,
        named.actor_id as actor_account,
        'exact' as exactness,
        named.extracted_at
    from named
    left join flags
        on
            named.connection = flags.connection
            and named.flag_id = flags.flag_id
    where named.type is not null

)

select * from final

with

features as (

    select * from {{ ref('int_features__features') }}

),

events as (

    select * from {{ ref('feature_flag_events') }}

),

exposures as (

    select * from {{ ref('feature_exposures') }}

),

horizons as (

    select * from {{ ref('int_flow__horizons') }}

),

environments as (

    select * from {{ ref('stg_flowgauge__service_environments') }}

),

named_environments as (

    select * from {{ ref('production_environments') }}

),

production as (

    select lower(environment) as environment
    from environments
    where is_production
    union distinct
    select environment
    from named_environments

),

-- of an event that names no environment there is one state for all of them
told as (

    select
        events.key as name,
        events.occurred_at,
        events.source_id as event_id,
        coalesce(events.is_enabled, false)
        and events.type in ('created', 'rollout_changed')
        and (events.enabled_share is distinct from 0 or coalesce(events.target_count, 0) > 0) as is_enabled,
        events.enabled_share = 1 as is_full,
        coalesce(events.target_count, 0) > 0 as has_targets,
        'flag' as source
    from events
    inner join horizons
        on
            events.connection = horizons.connection
            and events.occurred_at <= horizons.events_until_at
    left join production
        on lower(events.environment) = production.environment
    where events.environment is null or production.environment is not null
    union all
    select
        exposures.feature as name,
        exposures.exposed_at as occurred_at,
        exposures.source_id as event_id,
        true as is_enabled,
        exposures.method = 'full_rollout' as is_full,
        true as has_targets,
        'exposure' as source
    from exposures
    inner join horizons
        on
            exposures.connection = horizons.connection
            and exposures.exposed_at <= horizons.events_until_at

)

select
    features.feature_key,
    told.occurred_at,
    told.event_id,
    told.source,
    told.is_enabled and coalesce(told.is_full, false) as is_full,
    case
        when not told.is_enabled then 'off'
        when coalesce(told.is_full, false) or told.has_targets then 'on'
    end as exposure
from told
inner join features
    on told.name = coalesce(features.flag, features.feature)
union distinct
select
    features.feature_key,
    told.occurred_at,
    told.event_id,
    told.source,
    told.is_enabled and coalesce(told.is_full, false) as is_full,
    case
        when not told.is_enabled then 'off'
        when coalesce(told.is_full, false) or told.has_targets then 'on'
    end as exposure
from told
inner join features
    on told.name = features.feature

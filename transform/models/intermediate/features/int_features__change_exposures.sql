{{ config(materialized='table') }}

with

changes as (

    select * from {{ ref('int_features__changes') }}

),

features as (

    select * from {{ ref('int_features__features') }}

),

rollouts as (

    select * from {{ ref('int_features__rollouts') }}

),

milestones as (

    select * from {{ ref('int_delivery__change_milestones') }}

),

moves as (

    select
        feature_key,
        occurred_at,
        exposure
    from rollouts
    where exposure is not null
    qualify
        coalesce(
            exposure
            != lag(exposure) over (partition by feature_key order by occurred_at asc, exposure desc),
            true
        )

),

spans as (

    select
        feature_key,
        exposure,
        occurred_at as shown_from,
        lead(occurred_at) over (partition by feature_key order by occurred_at asc, exposure desc)
            as shown_until
    from moves

),

live as (

    select
        changes.feature_key,
        changes.change_key,
        changes.is_main,
        features.flag is not null as has_flag,
        features.is_flag_observed,
        features.key_event is not null as has_key_event,
        milestones.deployed_at,
        milestones.flow_ended_at as live_at
    from changes
    inner join features
        on changes.feature_key = features.feature_key
    inner join milestones
        on changes.change_key = milestones.change_key
    where milestones.delivery_state = 'deployed'

),

shown as (

    select
        live.feature_key,
        live.change_key,
        min(greatest(spans.shown_from, live.live_at)) as shown_at
    from live
    inner join spans
        on
            live.feature_key = spans.feature_key
            and spans.exposure = 'on'
            and coalesce(live.live_at < spans.shown_until, true)
    group by live.feature_key, live.change_key

)

select
    live.feature_key,
    live.change_key,
    live.is_main,
    live.has_flag,
    live.is_flag_observed,
    live.has_key_event,
    live.deployed_at,
    live.live_at,
    case when live.has_flag then shown.shown_at else live.deployed_at end as exposed_at
from live
left join shown
    on
        live.feature_key = shown.feature_key
        and live.change_key = shown.change_key

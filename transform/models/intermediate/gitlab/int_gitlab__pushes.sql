{{ config(enabled=is_connector_enabled('gitlab')) }}

with

versions as (

    select * from {{ ref('stg_gitlab__merge_request_versions') }}

),

ordered as (

    select
        *,
        lag(head_sha) over (
            partition by connection, merge_request_id order by created_at, cast(version_id as bigint)
        ) as previous_sha,
        row_number() over (
            partition by connection, merge_request_id order by created_at, cast(version_id as bigint)
        ) as position
    from versions

),

-- A new target or base makes a version too, with the head that was there. The first one is the opening: what
-- it shows had been pushed at some time before.
final as (

    select
        connection,
        merge_request_id,
        'version:' || version_id as event_id,
        head_sha as sha,
        created_at as occurred_at,
        position > 1 as is_exact
    from ordered
    where
        head_sha is not null
        and head_sha is distinct from previous_sha

)

select * from final

{{ config(enabled=is_connector_enabled('gitlab')) }}

with

changes as (

    select * from {{ ref('int_gitlab__changes') }}

),

lifecycle_events as (

    select * from {{ ref('int_gitlab__lifecycle_events') }}

),

note_events as (

    select * from {{ ref('int_gitlab__note_events') }}

),

silent_events as (

    select * from {{ ref('int_gitlab__silent_events') }}

),

pushes as (

    select * from {{ ref('int_gitlab__pushes') }}

),

united as (

    select
        connection,
        change,
        event_id,
        type,
        occurred_at,
        actor_id,
        cast(null as string) as subject_id,
        sha,
        cast(null as string) as detail,
        'exact' as exactness
    from lifecycle_events
    union all
    select
        connection,
        merge_request_id as change,
        event_id,
        type,
        occurred_at,
        actor_id,
        subject_id,
        cast(null as string) as sha,
        detail,
        'exact' as exactness
    from note_events
    union all
    select
        connection,
        merge_request_id as change,
        event_id,
        type,
        occurred_at,
        actor_id,
        cast(null as string) as subject_id,
        cast(null as string) as sha,
        cast(null as string) as detail,
        'exact' as exactness
    from silent_events
    union all
    select
        connection,
        merge_request_id as change,
        event_id,
        'pushed' as type,
        occurred_at,
        cast(null as string) as actor_id,
        cast(null as string) as subject_id,
        sha,
        'version' as detail,
        case when is_exact then 'exact' else 'derived' end as exactness
    from pushes

),

final as (

    select
        united.connection,
        'gitlab' as connector,
        united.event_id as source_id,
        united.change,
        changes.repository,
        united.type,
        united.occurred_at,
        united.actor_id as actor_account,
        united.subject_id as subject_account,
        cast(null as string) as subject_team,
        united.sha,
        united.detail,
        united.exactness,
        changes.extracted_at
    from united
    inner join changes
        on
            united.connection = changes.connection
            and united.change = changes.source_id

)

select * from final

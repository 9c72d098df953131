with

change_events as (

    select * from {{ ref('int_flow__change_events') }}

),

changes as (

    select * from {{ ref('int_flow__changes') }}

),

switches as (

    select
        change_key,
        'draft' as fact,
        0 as sequence,
        build_started_at as occurred_at,
        1 as state
    from changes
    where is_opened_as_draft
    union all
    select
        change_key,
        'draft' as fact,
        sequence,
        occurred_at,
        case type when 'converted_to_draft' then 1 else 0 end as state
    from change_events
    where type in ('converted_to_draft', 'ready_for_review')
    union all
    select
        change_key,
        'opened' as fact,
        sequence,
        occurred_at,
        1 as state
    from change_events
    where type = 'opened'
    union all
    select
        change_key,
        'queued' as fact,
        sequence,
        occurred_at,
        case type when 'enqueued' then 1 else 0 end as state
    from change_events
    where type in ('enqueued', 'dequeued', 'closed')
    union all
    select
        change_key,
        'closed' as fact,
        sequence,
        occurred_at,
        case type when 'closed' then 1 else 0 end as state
    from change_events
    where type in ('closed', 'reopened')

),

steps as (

    select
        change_key,
        fact,
        occurred_at,
        state - coalesce(lag(state) over (partition by change_key, fact order by sequence), 0) as delta
    from switches

)

select * from steps
where delta != 0

{{ config(materialized='table') }}

with

change_events as (

    select * from {{ ref('change_events') }}

),

changes as (

    select * from {{ ref('int_flow__changes') }}

),

accounts as (

    select * from {{ ref('int_people__accounts') }}

),

known as (

    select
        changes.change_key,
        changes.connection,
        change_events.source_id as event_id,
        change_events.type,
        change_events.occurred_at,
        case
            when change_events.type = 'opened' then 1
            when change_events.type = 'reopened' then 2
            when change_events.type in ('ready_for_review', 'converted_to_draft') then 3
            when change_events.type in ('pushed', 'force_pushed') then 4
            when change_events.type in ('enqueued', 'dequeued') then 6
            when change_events.type = 'closed' then 7
            when change_events.type = 'merged' then 8
            else 5
        end as apply_order,
        change_events.type in ('pushed', 'force_pushed') as is_push,
        change_events.type in (
            'commented', 'reviewed_commented', 'reviewed_approved', 'reviewed_changes_requested'
        )
        and not coalesce(actors.person_key = changes.author_person_key, false) as is_answer,
        change_events.actor_account,
        actors.person_key,
        coalesce(actors.is_human, false) as is_human,
        coalesce(actors.person_key = changes.author_person_key, false) as is_author,
        change_events.subject_account,
        change_events.subject_team,
        change_events.sha
    from change_events
    inner join changes
        on
            change_events.connection = changes.connection
            and change_events.change = changes.change
    left join accounts as actors
        on
            change_events.connection = actors.connection
            and change_events.actor_account = actors.account
    where
        change_events.occurred_at <= changes.events_until_at
        and (
            change_events.occurred_at >= changes.created_at
            or change_events.type in ('pushed', 'force_pushed')
        )

),

ordered as (

    select
        *,
        is_answer and is_human as is_response,
        row_number() over (
            partition by change_key order by occurred_at, apply_order, event_id
        ) as sequence
    from known

)

select * from ordered

{{ config(materialized='table') }}

{#-
Attempts of checks on a commit while it was the head of a change. Where nobody tells which checks are required,
all of them are waited for; what had ended before the commit was pushed, or is skipped, nobody waits for.
-#}
with

heads as (

    select * from {{ ref('int_flow__heads') }}

),

attempts as (

    select * from {{ ref('int_flow__check_attempts') }}

),

merge_rules as (

    select * from {{ ref('int_flow__merge_rules') }}

),

changes as (

    select * from {{ ref('int_metrics__changes') }}

),

horizons as (

    select * from {{ ref('int_flow__horizons') }}

),

head_attempts as (

    select
        heads.change_key,
        heads.sha,
        heads.started_at as head_started_at,
        changes.created_at,
        least(heads.ended_at, changes.closed_at) as given_up_at,
        attempts.name,
        attempts.conclusion,
        attempts.queued_at,
        case when attempts.finished_at <= horizons.events_until_at then attempts.finished_at end
            as finished_at,
        row_number() over (
            partition by heads.change_key, heads.started_at, heads.sha, attempts.name
            order by attempts.queued_at, attempts.attempt, attempts.source_id
        ) as try_number
    from heads
    inner join changes
        on heads.change_key = changes.change_key
    inner join horizons
        on heads.connection = horizons.connection
    inner join attempts
        on
            heads.connection = attempts.connection
            and heads.repository = attempts.repository
            and heads.sha = attempts.sha
    inner join merge_rules
        on
            heads.change_key = merge_rules.change_key
            and greatest(heads.started_at, changes.created_at) >= merge_rules.started_at
            and coalesce(greatest(heads.started_at, changes.created_at) < merge_rules.ended_at, true)
    where
        attempts.conclusion != 'skipped'
        and coalesce(heads.started_at < changes.closed_at, true)
        and attempts.queued_at <= horizons.events_until_at
        and coalesce(attempts.finished_at >= heads.started_at, true)
        and coalesce(attempts.queued_at < least(heads.ended_at, changes.closed_at), true)
        and case
            when merge_rules.required_check_names is not null
                then {{ list_contains('merge_rules.required_check_names', 'attempts.name') }}
            else coalesce(attempts.is_required, true)
        end

)

select
    *,
    greatest(
        head_started_at,
        least(created_at, min(queued_at) over (partition by change_key, head_started_at, sha))
    ) as pushed_at
from head_attempts

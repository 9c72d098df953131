{{ config(materialized='table') }}

{%- set facts = [
    'opened', 'draft', 'closed', 'queued',
    'approvals', 'changes_requested', 'unanswered_changes_requested', 'responded', 'ever_responded',
    'required_approvals', 'approvals_inferred', 'approvals_assumed', 'approvals_backcast',
    'checks_failed', 'checks_pending', 'checks_assumed', 'checks_backcast',
] %}

with

steps as (

    select * from {{ ref('int_flow__steps') }}

),

deltas as (

    select
        change_key,
        occurred_at,
        max(event_id) as event_id,
    {%- for fact in facts %}
        sum(case when fact = '{{ fact }}' then delta else 0 end) as {{ fact }}{{ "," if not loop.last }}
    {%- endfor %}
    from steps
    group by change_key, occurred_at

),

counts as (

    select
        change_key,
        occurred_at,
        event_id,
    {%- for fact in facts %}
        sum({{ fact }}) over so_far as {{ fact }}{{ "," if not loop.last }}
    {%- endfor %}
    from deltas
    window so_far as (
        partition by change_key order by occurred_at rows between unbounded preceding and current row
    )

),

approvals as (

    select
        *,
        case
            when approvals_assumed > 0 then ever_responded = 0 or changes_requested > 0
            else required_approvals > 0 and (approvals < required_approvals or changes_requested > 0)
        end as is_approval_missing
    from counts

),

ruled as (

    select
        *,
        case
            when closed > 0 then 0
            when opened = 0 or draft > 0 then 1
            when queued > 0 then 2
            when unanswered_changes_requested > 0 then 3
            when is_approval_missing then 4
            when checks_failed > 0 or checks_pending > 0 then 5
            else 6
        end as deciding_rule
    from approvals

),

change_states as (

    select
        *,
        case deciding_rule
            when 0 then 'closed'
            when 1 then 'build'
            when 2 then 'ci'
            when 3 then 'rework'
            when 4 then case when responded = 0 then 'review_wait' else 'review' end
            when 5 then case when checks_failed > 0 then 'rework' else 'ci' end
            else 'merge_wait'
        end as state
    from ruled

)

select * from change_states

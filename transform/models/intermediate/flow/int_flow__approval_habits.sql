{{ config(materialized='table') }}

{%- set sample_seconds = 90 * 24 * 60 * 60 %}

with

changes as (

    select * from {{ ref('int_flow__changes') }}

),

verdicts as (

    select * from {{ ref('int_flow__verdicts') }}

),

approved as (

    select distinct changes.change_key
    from changes
    inner join verdicts
        on changes.change_key = verdicts.change_key
    where
        verdicts.verdict = 'approved'
        and not verdicts.is_author
        and verdicts.started_at <= changes.merged_at
        and changes.merged_at <= coalesce(verdicts.ended_at, changes.merged_at)

),

instants as (

    select
        change_key,
        repository_key,
        base_branch,
        {{ epoch_seconds('created_at') }} as epoch_second,
        0 as merge_count,
        0 as approved_count
    from changes
    union all
    select
        cast(null as string) as change_key,
        changes.repository_key,
        changes.base_branch,
        {{ epoch_seconds('changes.merged_at') }} as epoch_second,
        1 as merge_count,
        case when approved.change_key is null then 0 else 1 end as approved_count
    from changes
    left join approved
        on changes.change_key = approved.change_key
    where
        changes.merged_at is not null
        and changes.is_merged_by_human

),

counted as (

    select
        change_key,
        sum(merge_count) over (
            partition by repository_key, base_branch order by epoch_second
            range between {{ sample_seconds }} preceding and 1 preceding
        ) as merge_count,
        sum(approved_count) over (
            partition by repository_key, base_branch order by epoch_second
            range between {{ sample_seconds }} preceding and 1 preceding
        ) as approved_count
    from instants

),

approval_habits as (

    select
        change_key,
        coalesce(approved_count * 2 > merge_count, false) as is_approval_usual
    from counted
    where change_key is not null

)

select * from approval_habits

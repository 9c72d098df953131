{{ config(tags=['clock']) }}

with

loads as (

    select * from {{ ref('int_metrics__review_loads') }}

),

pending as (

    select * from {{ ref('int_metrics__pending_reviews') }}

),

merged as (

    select * from {{ ref('int_metrics__merged_reviews') }}

),

gaps as (

    select * from {{ ref('int_metrics__ownership_gaps') }}

),

weeks as (

    select * from {{ ref('int_metrics__weeks') }}

),

scopes as (

    {{ weeks_and_scopes(['loads', 'pending', 'merged', 'gaps']) }}

),

complete as (

    select
        scopes.*,
        coalesce(loads.request_count, 0) as request_count,
        case when loads.request_count >= 5 then loads.reviewer_count end as reviewer_count,
        case when loads.request_count >= 5 then loads.top1_share end as top1_share,
        case when loads.request_count >= 5 then loads.top3_share end as top3_share,
        case when loads.request_count >= 5 then loads.herfindahl_index end as herfindahl_index,
        case when loads.request_count >= 5 then 1 / loads.herfindahl_index end as effective_reviewer_count,
        case when loads.request_count >= 5 then loads.effective_reviewer_count_by_lines end
            as effective_reviewer_count_by_lines,
        case when coalesce(loads.request_count, 0) < 5 then 'not_enough_data' end as top1_share_null_reason,
        coalesce(pending.pending_request_count, 0) as pending_request_count,
        coalesce(pending.pending_reviewer_count, 0) as pending_reviewer_count,
        coalesce(merged.merged_change_count, 0) as merged_change_count,
        coalesce(merged.unreviewed_merge_count, 0) as unreviewed_merge_count,
        coalesce(merged.repeated_review_count, 0) as repeated_review_count,
        coalesce(gaps.ready_change_count, 0) as ready_change_count,
        coalesce(gaps.unowned_change_count, 0) as unowned_change_count,
        coalesce(gaps.team_request_count, 0) as team_request_count,
        coalesce(gaps.untaken_team_request_count, 0) as untaken_team_request_count,
        coalesce(gaps.changed_path_count, 0) as changed_path_count,
        coalesce(gaps.unowned_path_count, 0) as unowned_path_count,
        coalesce(gaps.running_count, 0) as running_count
    from scopes
    {{ left_join_week_and_scope('loads', 'scopes') }}
    {{ left_join_week_and_scope('pending', 'scopes') }}
    {{ left_join_week_and_scope('merged', 'scopes') }}
    {{ left_join_week_and_scope('gaps', 'scopes') }}

)

select
    {{ surrogate_key(
        'review_load_weekly', 'cast(complete.week_start as string)', 'complete.scope', 'complete.scope_key'
    ) }}
        as review_load_weekly_key,
    complete.week_start,
    complete.scope,
    case when complete.scope = 'team' then complete.scope_key end as team_key,
    complete.request_count,
    complete.reviewer_count,
    complete.top1_share,
    complete.top1_share_null_reason,
    complete.top3_share,
    complete.herfindahl_index,
    complete.effective_reviewer_count,
    complete.effective_reviewer_count_by_lines,
    complete.pending_request_count,
    complete.pending_reviewer_count,
    complete.merged_change_count,
    complete.unreviewed_merge_count,
    {{ share_columns(
        'unreviewed_merge_share', 'complete.unreviewed_merge_count', 'complete.merged_change_count'
    ) }},
    complete.repeated_review_count,
    {{ share_columns(
        'repeated_review_share', 'complete.repeated_review_count', 'complete.merged_change_count'
    ) }},
    complete.ready_change_count,
    complete.unowned_change_count,
    {{ share_columns(
        'unowned_change_share', 'complete.unowned_change_count', 'complete.ready_change_count'
    ) }},
    complete.team_request_count,
    complete.untaken_team_request_count,
    {{ share_columns(
        'untaken_team_request_share', 'complete.untaken_team_request_count', 'complete.team_request_count'
    ) }},
    complete.changed_path_count,
    complete.unowned_path_count,
    {{ share_columns(
        'unowned_path_share', 'complete.unowned_path_count', 'complete.changed_path_count', if_none='not_observed'
    ) }},
    weeks.is_over and complete.running_count = 0 as is_final
from complete
inner join weeks
    on complete.week_start = weeks.week_start

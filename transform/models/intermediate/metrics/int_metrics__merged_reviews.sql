with

changes as (

    select * from {{ ref('int_metrics__changes') }}

),

merged as (

    select
        changes.*,
        days.week_start
    from changes
    {{ join_reporting_day('changes.merged_at', 'days') }}
    where changes.state = 'merged'

),

scopes as (

    {{ scoped('merged', {'team': 'team_key'}) }}

)

select
    week_start,
    scope,
    scope_key,
    count(*) as merged_change_count,
    count(case when is_unreviewed_merge then 1 end) as unreviewed_merge_count,
    count(case when review_round_count >= 2 then 1 end) as repeated_review_count
from scopes
group by week_start, scope, scope_key

with

changes as (

    select * from {{ ref('fct_changes') }}

),

persons as (

    select * from {{ ref('dim_person') }}

),

merged as (

    select
        changes.*,
        days.week_start
    from changes
    inner join persons
        on changes.author_person_key = persons.person_key
    {{ join_reporting_day('changes.merged_at', 'days') }}
    where changes.state = 'merged' and persons.kind != 'dependency_bot'

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

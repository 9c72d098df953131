{{ config(tags=['clock']) }}

with

releases as (

    select * from {{ ref('fct_releases') }}
    where published_at is not null

),

weeks as (

    select * from {{ ref('int_metrics__weeks') }}

),

estimates as (

    select * from {{ ref('int_metrics__latency_estimates') }}
    where kind = 'release' and cohort = 'arrivals'

),

connection_horizons as (

    select * from {{ ref('int_flow__connection_horizons') }}

),

dated as (

    select
        releases.repository_key,
        connection_horizons.observed_until_at,
        days.week_start,
        {{ is_general_release() }} as is_general,
        coalesce(releases.is_bare_tag, false) as is_tag,
        coalesce(releases.is_prerelease, false) as is_pre
    from releases
    inner join connection_horizons
        on releases.connection = connection_horizons.connection
    {{ join_reporting_day('releases.published_at', 'days') }}

),

scopes as (

    {{ scoped('dated', {'repository': 'repository_key'}) }}

),

counts as (

    select
        week_start,
        scope,
        scope_key,
        max(observed_until_at) as observed_until_at,
        count(case when is_general then 1 end) as release_count,
        count(case when is_pre and not is_tag then 1 end) as prerelease_count,
        count(case when is_tag then 1 end) as bare_tag_count
    from scopes
    group by week_start, scope, scope_key

),

every_week as (

    {{ every_week('counts') }}

),

-- a week without releases is a figure, too, as far as anybody looked
complete as (

    select
        every_week.week_start,
        every_week.is_over,
        every_week.scope,
        every_week.scope_key,
        coalesce(counts.release_count, 0) as release_count,
        coalesce(counts.prerelease_count, 0) as prerelease_count,
        coalesce(counts.bare_tag_count, 0) as bare_tag_count
    from every_week
    {{ left_join_week_and_scope('counts', 'every_week') }}

)

select
    {{ surrogate_key(
        'releases_weekly', 'cast(complete.week_start as string)', 'complete.scope', 'complete.scope_key'
    ) }}
        as releases_weekly_key,
    complete.week_start,
    complete.scope,
    case when complete.scope = 'repository' then complete.scope_key end as repository_key,
    complete.release_count,
    complete.prerelease_count,
    complete.bare_tag_count,
    {{ named_estimate('release_gap', [50]) }},
    complete.is_over and coalesce(release_gap.censored_count, 0) = 0 as is_final
from complete
{{ join_estimate('release_gap', 'release_gap', 'complete') }}

"""Features and who uses them, assistants, and what customers say."""

from math import sqrt

from support.metric_definitions.kit import figures, latencies
from support.metric_truth import FEWEST, Between, Row, incidence_of, quantile_of
from support.simulated import ALL, EXACT

DAY = 86_400

VIEWS = """
    create table feature_milestones as
    with changes as (
        select
            tickets.feature,
            milestones.*,
            case when milestones.delivery = 'linked' then milestones.deployed_at end as live_at,
            (
                select sum(epoch(coalesce(visits.exited_at, as_of())) - epoch(visits.entered_at))
                from shown_visits as visits
                where
                    visits.flow_item_type = 'change'
                    and visits.flow_item = milestones.change
                    and visits.stage in ('build', 'rework')
            ) as engineering_seconds
        from milestones
        join truth.tickets as tickets on tickets.ticket = milestones.ticket
        where milestones.is_ticket_shown and tickets.feature is not null
    ),
    exposures as (
        select feature, min(exposed_at) as exposed_at
        from truth.feature_customers
        where exposed_at < as_of()
        group by feature
    )
    select
        features.feature,
        count(changes.change) as change_count,
        min(changes.merged_at) as merged_at,
        min(changes.live_at) as live_at,
        bool_and(changes.delivery != 'not_linked')
            and bool_or(changes.merged_at is not null and changes.delivery = 'not_yet') as is_awaited,
        coalesce(sum(changes.engineering_seconds), 0)::bigint as engineering_seconds,
        any_value(exposures.exposed_at) as exposed_at,
        any_value(adoptions.adopted_at) as adopted_at
    from truth.features as features
    left join changes using (feature)
    left join exposures using (feature)
    left join feature_adoptions as adoptions using (feature)
    group by features.feature
    having change_count > 0 or any_value(exposures.exposed_at) is not null;
"""

FEATURE_VISITS = """
    select 'feature:exposure_wait' as subject, live_at as started_at, exposed_at as ended_at,
        case when exposed_at is null then 'censored' else 'ended' end as outcome
    from feature_milestones
    where live_at is not null
    union all
    select 'feature:adoption', greatest(live_at, exposed_at), adopted_at,
        case when adopted_at is null then 'censored' else 'ended' end
    from feature_milestones
    where exposed_at is not null
"""

IDLE_FEATURES = """
    select
        feature,
        case when live_at is null then 'not_deployed' else 'not_exposed' end as reason,
        change_count,
        coalesce(live_at, merged_at) as waiting_since_at,
        (epoch(as_of()) - epoch(coalesce(live_at, merged_at)))::bigint as age_seconds,
        engineering_seconds,
        age_seconds > 14 * 86400 as is_idle
    from feature_milestones
    where merged_at is not null and exposed_at is null and (live_at is not null or is_awaited)
"""

# some events come late, so that what was used in the last two days may or may not be known
ADOPTIONS = """
    select
        feature,
        min(exposed_at) as exposed_at,
        case when max(exposed_at) < as_of() then any_value(customer_count)
            else count(*) filter (exposed_at < as_of()) end as eligible_count,
        case when max(exposed_at) < as_of() then any_value(customer_count)
            else count(*) filter (exposed_at < told_until()) end as told_count,
        count(*) filter (first_used_at < as_of()) as user_count,
        count(*) filter (first_used_at < told_until()) as told_user_count,
        list(epoch(least(first_used_at, as_of()))::bigint - epoch(exposed_at)::bigint)
            filter (exposed_at < as_of()) as durations,
        list(coalesce(first_used_at < as_of(), false)) filter (exposed_at < as_of()) as uses,
        (epoch(as_of()) - epoch(max(exposed_at)))::bigint as last_seconds
    from truth.feature_customers
    cross join (select count(*) as customer_count from truth.customers)
    group by feature
    having min(exposed_at) < as_of()
"""


# a feature is judged once its last customer has had it for four weeks
OUTCOMES = """
    select
        1 as one,
        count(*) as delivered_count,
        count(*) filter (last_exposed_at + interval 28 day > as_of()) as running_count,
        count(*) filter (last_exposed_at + interval 28 day <= as_of()) as judged_count
    from (
        select feature, min(exposed_at) as exposed_at, max(exposed_at) as last_exposed_at
        from truth.feature_customers
        group by feature
    )
    where exposed_at < as_of()
"""


def adoption(row: Row) -> Row:
    """Return the figures of a feature: shares as near as chance would have them among so many customers."""
    count = row["eligible_count"]
    waits = [
        (seconds, "ended" if is_used else "censored")
        for seconds, is_used in zip(row["durations"], row["uses"], strict=True)
    ]
    # at full rollout the others have it, too, since the last step
    waits += [(row["last_seconds"], "censored")] * (count - len(waits))
    steps = incidence_of(waits)
    median = quantile_of(steps, 50, count) if count >= FEWEST[50] else None
    users = Between(row["told_user_count"], row["user_count"])
    return {
        "feature": row["feature"],
        "exposed_at": row["exposed_at"],
        "eligible_count": Between(row["told_count"], count),
        "user_count": users,
        "adopter_count": users,
        "used_by_day_7_share": _near(
            max((share for seconds, share in steps if seconds <= 7 * DAY), default=0), count
        )
        if count >= FEWEST[50] and max(seconds for seconds, _ in steps) >= 7 * DAY
        else None,
        "lag_p50_seconds": Between(median.low, median.high) if median else None,
    }


def _near(share: float, count: int) -> Between:
    """Return where chance may place a share that is seen among so many."""
    spread = 1.96 * sqrt(share * (1 - share) / count)
    return Between(share - spread, share + spread)


USAGE = """
    select
        week_of(merged_at) as week_start,
        count(*) as merged_change_count,
        count(*) filter (is_marked and author_person is null) as agent_authored_change_count,
        count(*) filter (is_marked and author_person is not null) as assisted_change_count,
        count(*) filter (not is_marked) as unknown_change_count,
        0 as none_observed_change_count
    from shown_changes
    where merged_at is not null
    group by all
"""

USAGE_MART = """
    select week_start, sum(columns('(.*_change_count)'))::bigint as '\\1'
    from built.metrics.assistant_usage_weekly
    group by week_start
"""

# of what no vendor tells who uses it, such as all that shows in changes alone, there is no number, not even 0
USERS = """
    select week_of(started_at) as week_start, tool as assistant, count(distinct owners.person) as person_count
    from truth.assistant_sessions as sessions
    join truth.account_owners as owners using (account)
    where sessions.ended_at < as_of() and sessions.tool = 'claude_code' and is_read_by('claude_code')
    group by all
"""

SATISFACTION = """
    with answers as (
        select
            week_of(answered_at) as week_start,
            kind,
            area,
            count(*) as response_count,
            count(*) filter (score >= case kind when 'nps' then 9 else 4 end) as satisfied,
            count(*) filter (score <= case kind when 'nps' then 6 else 2 end) as dissatisfied
        from truth.survey_responses
        where answered_at < as_of()
        group by all
    )
    select
        * exclude (satisfied, dissatisfied),
        case when response_count >= 5 then satisfied end as satisfied_count,
        case when response_count >= 5 then dissatisfied end as dissatisfied_count,
        case when response_count >= 5 then satisfied / response_count end as satisfied_share,
        case when response_count >= 5 then 100 * (satisfied - dissatisfied) / response_count end as net_score,
        case when response_count < 5 then 'not_enough_data' end as net_score_null_reason,
        end_of(week_start) <= as_of() as is_final
    from answers
"""


METRICS = (
    latencies(
        "flow_by_stage_weekly: features",
        FEATURE_VISITS,
        where=EXACT,
        subject="flow_item_type || ':' || stage",
        only="flow_item_type = 'feature'",
        scopes=("organisation",),
        is_shared=True,
    ),
    figures(
        "idle_features",
        IDLE_FEATURES,
        """
        select mart.*, features.name as feature
        from built.metrics.idle_features as mart
        join built.marts.dim_feature as features using (feature_key)
        where features.name in (select feature from truth.features)
        """,
        where=EXACT,
        key=("feature",),
    ),
    figures(
        "feature_adoption",
        ADOPTIONS,
        "select * from built.metrics.feature_adoption"
        " where exposed_at is not null and feature in (select feature from truth.features)",
        where=EXACT,
        key=("feature",),
        finish=adoption,
    ),
    figures(
        "feature_outcomes",
        OUTCOMES,
        "select *, 1 as one from built.metrics.feature_outcomes",
        where=EXACT,
        key=("one",),
        is_shared=True,
    ),
    figures(
        "assistant_usage_weekly: changes",
        USAGE,
        USAGE_MART,
        where=ALL,
        key=("week_start",),
        is_shared=True,
    ),
    figures(
        "assistant_usage_weekly: users",
        USERS,
        "select * from built.metrics.assistant_usage_weekly where person_count is not null",
        where=EXACT,
        key=("week_start", "assistant"),
        is_shared=True,
    ),
    figures(
        "satisfaction_weekly",
        SATISFACTION,
        "select * from built.metrics.satisfaction_weekly join places on scope = 'team' and place = area",
        where=EXACT,
        key=("week_start", "kind", "area"),
    ),
)

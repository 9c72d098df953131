"""Rules for the metrics: what they count is what the marts hold, and what they say of it agrees with itself.

Definitions of metrics stand in their models; these rules are conservation laws that hold whatever a metric
means. Those on estimates, shares and null reasons are derived from the columns that the metric marts have.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from quality.suites.check import Catalogue, Check, Source, relations, sql, union
from quality.suites.marts import REASONS, unknown_reasons, unreasoned_nulls

COHORT_COUNTS = ("item_count", "ended_count", "competing_count", "censored_count")
PLACES = ("scope", "team_key", "service_key", "repository_key")
QUANTILES = ("p50", "p75", "p90")


def checks(_sources: Sequence[Source]) -> tuple[Check, ...]:
    """All rules; metrics are the same whatever the connectors."""
    return _COHORTS + _COUNTS + _FIGURES


def _miscounted_cohorts(catalogue: Catalogue) -> str:
    return union(
        (
            f"select '{relation}' as relation, cohort, week_start, scope, {', '.join(COHORT_COUNTS)}"
            f" from {relation} where item_count <> ended_count + competing_count + censored_count"
            " or (cohort <> 'arrivals' and item_count <> ended_count)"
            for relation in relations(catalogue, "metrics", "cohort", *COHORT_COUNTS)
        ),
        "no metric with cohorts",
    )


def _overcounted_scopes(catalogue: Catalogue) -> str:
    """What a row is about stands between its key and its cohort, in the order of the contract."""

    def subjects(relation: str) -> str:
        columns = catalogue[relation]
        return ", ".join([*columns[1 : columns.index("cohort")], "cohort", "week_start"])

    return union(
        (
            f"select '{relation}' as relation, scopes.scope, scopes.week_start, scopes.cohort,"
            " scopes.item_count, everywhere.item_count as organisation_count"
            f" from (select scope, {subjects(relation)}, sum(item_count) as item_count from {relation}"
            f" where scope <> 'organisation' group by scope, {subjects(relation)}) as scopes"
            f" left join (select * from {relation} where scope = 'organisation') as everywhere"
            f" using ({subjects(relation)})"
            " where coalesce(scopes.item_count > everywhere.item_count, true)"
            for relation in relations(catalogue, "metrics", "cohort", *PLACES, *COHORT_COUNTS)
        ),
        "no metric with scopes",
    )


def _disordered_estimates(catalogue: Catalogue) -> str:
    """Quantiles rise, and each lies in its interval, in columns such as `recovery_p50_low_seconds`."""

    def pairs(relation: str, prefix: str) -> Iterator[tuple[str, str]]:
        known = [f"{prefix}{name}" for name in QUANTILES if f"{prefix}{name}_seconds" in catalogue[relation]]
        yield from ((f"{low}_seconds", f"{high}_seconds") for low, high in pairwise(known))
        for name in known:
            yield f"{name}_low_seconds", f"{name}_seconds"
            yield f"{name}_seconds", f"{name}_high_seconds"

    return union(
        (
            f"select '{relation}' as relation, '{low}' as less, '{high}' as more, count(*) as row_count"
            f" from {relation} where {low} > {high} having count(*) > 0"
            for relation in relations(catalogue, "metrics")
            for column in catalogue[relation]
            if column.endswith("p50_seconds")
            for low, high in pairs(relation, column.removesuffix("p50_seconds"))
        ),
        "no metric with estimates",
    )


def _impossible_shares(catalogue: Catalogue) -> str:
    def rule(relation: str, share: str) -> str:
        bounded = f"not ({share} between 0 and 1)"
        if f"{share}_low" not in catalogue[relation]:
            return bounded
        within = f"not ({share} between {share}_low - 1e-9 and {share}_high + 1e-9)"
        return f"{bounded} or {within} or ({share} is null) <> ({share}_low is null)"

    return union(
        (
            f"select '{relation}' as relation, '{column}' as share, count(*) as row_count from {relation}"
            f" where {rule(relation, column)} having count(*) > 0"
            for relation in relations(catalogue, "metrics")
            for column in catalogue[relation]
            if column.endswith(("_share", "_rate"))
        ),
        "no metric with shares",
    )


def _misjudged_coverage(catalogue: Catalogue) -> str:
    """Each row of a mart is counted once, under the one reason that it has, if any."""
    reasons = [
        column
        for column in catalogue["metrics.metric_coverage"]
        if column.endswith("_count") and column not in {"row_count", "expected_count"}
    ]
    marts = union(
        (
            f"select '{relation.partition('.')[2]}' as mart, count(*) as mart_count from {relation}"
            for relation in relations(catalogue, "marts")
        ),
        "no mart",
    )
    return f"""
select coverage.mart, coverage.measure, coverage.row_count, marts.mart_count
from metrics.metric_coverage as coverage
left join ({marts}) as marts using (mart)
where row_count is distinct from mart_count or row_count <> {" + ".join(reasons)}
"""


# Changes of dependency bots are left out by default; those of agents are work.
_COUNTED_CHANGES = """counted_changes as (
    select change_key as flow_item_key
    from marts.fct_changes as changes
    left join marts.dim_person as persons on changes.author_person_key = persons.person_key
    where persons.kind is distinct from 'dependency_bot'
)"""


def _check(table: str, name: str, description: str, breaches: str | Callable[[Catalogue], str]) -> Check:
    return Check(
        f"metrics.{table}",
        name,
        "blocking",
        description,
        sql(breaches) if isinstance(breaches, str) else breaches,
    )


_COHORTS = (
    _check(
        "flow_by_stage_weekly",
        "cohorts_add_up",
        "Each item of a cohort ended, ended otherwise, or goes on; departures and snapshots hold only what "
        "has an end or an age.",
        _miscounted_cohorts,
    ),
    _check(
        "flow_by_stage_weekly",
        "scopes_fit_in_the_organisation",
        "The items of all teams, services or repositories are no more than those of the organisation.",
        _overcounted_scopes,
    ),
)

_COUNTS = (
    _check(
        "flow_by_stage_weekly",
        "weekly_flow_counts_each_visit",
        "The weeks' arrivals are all visits, their departures those that ended by moving on.",
        f"""
with {_COUNTED_CHANGES},
weekly as (
    select
        flow_item_type, stage_key, sum(item_count) filter (where cohort = 'arrivals') as arrivals,
        coalesce(sum(item_count) filter (where cohort = 'departures'), 0) as departures
    from metrics.flow_by_stage_weekly
    where scope = 'organisation'
    group by flow_item_type, stage_key
),
visits as (
    select
        flow_item_type, stage_key, count(*) as arrivals,
        count(*) filter (where exit_reason in ('advanced', 'returned')) as departures
    from marts.fct_stage_visits
    where flow_item_type <> 'change' or flow_item_key in (select flow_item_key from counted_changes)
    group by flow_item_type, stage_key
)
select
    flow_item_type, stage_key, weekly.arrivals, visits.arrivals as visits_entered, weekly.departures,
    visits.departures as visits_left
from visits
full outer join weekly using (flow_item_type, stage_key)
where weekly.arrivals is distinct from visits.arrivals or weekly.departures is distinct from visits.departures
""",
    ),
    _check(
        "handoffs_weekly",
        "weekly_handoffs_count_each_handoff",
        "The weeks' arrivals are all handoffs, their departures those that were accepted.",
        f"""
with {_COUNTED_CHANGES},
weekly as (
    select
        mechanism, from_role, to_role, sum(item_count) filter (where cohort = 'arrivals') as requested,
        coalesce(sum(item_count) filter (where cohort = 'departures'), 0) as accepted
    from metrics.handoffs_weekly
    where scope = 'organisation'
    group by mechanism, from_role, to_role
),
handoffs as (
    select
        mechanism, from_role, to_role, count(*) as requested,
        count(*) filter (where outcome = 'accepted') as accepted
    from marts.fct_handoffs
    where flow_item_type <> 'change' or flow_item_key in (select flow_item_key from counted_changes)
    group by mechanism, from_role, to_role
)
select
    mechanism, from_role, to_role, weekly.requested, handoffs.requested as handoffs_requested,
    weekly.accepted, handoffs.accepted as handoffs_accepted
from handoffs
full outer join weekly using (mechanism, from_role, to_role)
where weekly.requested is distinct from handoffs.requested
    or weekly.accepted is distinct from handoffs.accepted
""",
    ),
    _check(
        "dora_weekly",
        "deployments_are_counted_once",
        "The weeks of a service hold all its successful production deployments, those of the organisation "
        "what its services have.",
        """
with deployed as (
    select services.service_key, count(*) as deployment_count
    from marts.fct_deployments as deployments
    inner join marts.bridge_deployment_services as services
        on deployments.deployment_key = services.deployment_key
    where services.is_production and deployments.status = 'success' and deployments.finished_at is not null
    group by services.service_key
),
weekly as (
    select coalesce(service_key, 'organisation') as service_key, sum(success_count) as success_count
    from metrics.dora_weekly
    group by coalesce(service_key, 'organisation')
),
expected as (
    select service_key, deployment_count from deployed
    union all
    select 'organisation', sum(deployment_count) from deployed
)
select service_key, deployment_count, success_count
from expected
full outer join weekly using (service_key)
where coalesce(deployment_count, 0) <> coalesce(success_count, 0)
""",
    ),
    _check(
        "metric_coverage",
        "coverage_counts_each_row",
        "Each row of a mart is counted once for a measure, as observed or by the reason why it is not.",
        _misjudged_coverage,
    ),
)

_FIGURES = (
    _check(
        "flow_by_stage_weekly",
        "estimates_are_in_order",
        "More of a cohort takes longer, and an estimate lies in its own interval.",
        _disordered_estimates,
    ),
    _check(
        "dora_weekly",
        "shares_lie_in_their_intervals",
        "A share is between 0 and 1 and within its interval, and both are hidden together.",
        _impossible_shares,
    ),
    _check(
        "flow_by_stage_weekly",
        "nulls_have_reasons",
        "A figure with a null reason has one exactly where it is null.",
        lambda catalogue: unreasoned_nulls(catalogue, "metrics"),
    ),
    _check(
        "flow_by_stage_weekly",
        "reasons_are_known",
        f"A null reason is one of {', '.join(REASONS['metrics'])}.",
        lambda catalogue: unknown_reasons(catalogue, "metrics"),
    ),
)

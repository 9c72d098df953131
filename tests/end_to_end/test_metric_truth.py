"""Whether the metric marts say what the truth of simulated companies says, in every scenario.

Counts, shares and reasons are equal; quantiles are, too, but for the seconds of stamps, and never further
from truth than chance would put them in a cohort of that size. `metric_definitions` says what is compared and
where: all in the companies of every scenario, which all vendors tell of; in one that GitHub alone tells of,
without recorded pushes, what does not depend on their times.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from math import inf, sqrt
from pathlib import Path
from shutil import copyfile

import duckdb
import pytest
from support.companies import Served
from support.metric_definitions import METRICS, VIEWS
from support.metric_definitions.flow import CHANGE_LATENCIES
from support.metric_definitions.kit import at
from support.metric_truth import FEWEST, Item, Metric, Row, differences, estimates_of, items_of, rows_of
from support.simulated import DISTORTED, EXACT, Simulated, simulated
from support.truth import opened

from quality.suites import Layer, suite

# What truth is made to say instead, which each comparison must notice.
DEFECTS = {
    "flow_by_stage_weekly: changes": (
        "update stage_visits set exited_at = exited_at + interval 1 day where stage = 'review_wait'"
    ),
    "flow_by_stage_weekly: tickets": "update stage_visits set exited_at = null where stage = 'pull_wait'",
    "flow_by_stage_weekly: incidents": "delete from stage_visits where stage = 'acknowledge'",
    "flow_by_stage_weekly: features": (
        "update feature_customers set exposed_at = exposed_at + interval 7 day"
    ),
    "handoffs_weekly: tickets": "update item_handoffs set settled_at = settled_at + interval 7 day",
    "handoffs_weekly: incidents": "delete from item_handoffs where flow_item_type = 'incident'",
    "ci_jobs_weekly": "update ci_jobs set conclusion = 'failure' where rowid % 50 = 0",
    "feature_outcomes": "delete from feature_customers where feature like '%1'",
    "handoffs_weekly: changes": "update handoffs set outcome = 'withdrawn' where mechanism = 'merge'",
    "change_latency_weekly": "update changes set created_at = created_at - interval 1 hour",
    "incident_recovery_weekly": "update resolutions set resolved_at = resolved_at + interval 7 day",
    "decision_latency_weekly": "delete from stage_visits where stage = 'decide' and rowid % 2 = 0",
    "open_work_aging": "update stage_visits set exited_at = null where stage = 'review'",
    "open_work_aging: usual": "update stage_visits set exited_at = null, exit_reason = 'open'",
    "deployment_waits_weekly: changes": ("update changes set deployed_at = deployed_at + interval 1 minute"),
    "deployment_waits_weekly: deployments": (
        "update deployments set gate_decided_at = gate_decided_at + interval 7 day"
    ),
    "environment_drift_weekly": "update environment_looks set is_by_hand = false",
    "dora_weekly": "update deployments set status = 'failure' where rowid % 5 = 0",
    "dora_weekly: lead times and recovery": "delete from change_services where rowid % 5 = 0",
    "dora_weekly: gaps": "update deployments set is_rollback = true where rowid % 5 = 0",
    "releases_weekly": "update releases set is_prerelease = not is_prerelease",
    "releases_weekly: gaps": "update releases set published_at = published_at + interval 7 day",
    "missed_windows_weekly": "update changes set exposed_at = exposed_at + interval 14 day",
    "work_types_weekly": "update tickets set kind = 'bug' where kind = 'task'",
    "review_sla_weekly": "update working_hours set closes_at = closes_at - interval 4 hour",
    "review_load_weekly": "update review_events set asked_person = 0 where asked_person is not null",
    "ci_health_weekly": "update ci_jobs set conclusion = 'timed_out' where rowid % 50 = 0",
    "ci_health_weekly: times": "update ci_jobs set started_at = started_at + interval 10 second",
    "ci_capacity_hourly": "delete from ci_jobs where rowid % 50 = 0",
    "idle_features": "update feature_customers set exposed_at = null",
    "feature_adoption": "update feature_customers set first_used_at = null",
    "assistant_usage_weekly: changes": "update changes set is_marked = not is_marked",
    "assistant_usage_weekly: users": "delete from assistant_sessions where tool = 'claude_code'",
    "satisfaction_weekly": "delete from survey_responses where rowid % 2 = 0",
    "metric_coverage": "update changes set merged_at = null where rowid % 5 = 0",
}

MODELS = Path("transform", "models", "metrics")
# Of changes in all companies, for nothing of these depends on the times of pushes.
TURNED_OUT = ("pickup", "time_to_merge", "created_to_merged")


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Simulated:
    return simulated(tmp_path_factory)


@pytest.fixture(scope="module")
def sides(found: Simulated) -> Iterator[Mapping[str, duckdb.DuckDBPyConnection]]:
    """Both sides of each company, opened together."""
    connections = {
        name: side(found.warehouse, company, company.truth) for name, company in found.companies.items()
    }
    yield connections
    for connection in connections.values():
        connection.close()


def side(warehouse: Path, company: Served, truth: Path) -> duckdb.DuckDBPyConnection:
    connection = opened(warehouse, truth, connections=company.connections, as_of=company.shown_until)
    for views in VIEWS:
        connection.execute(views)
    return connection


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_a_metric_is_what_truth_says_in_every_company_that_tells_of_it(
    sides: Mapping[str, duckdb.DuckDBPyConnection], metric: Metric
) -> None:
    found = differences(metric, {company: sides[company] for company in metric.where})
    assert not found, sorted(found)[:20]


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_a_truth_that_differs_is_noticed_in_a_metric(
    found: Simulated, sides: Mapping[str, duckdb.DuckDBPyConnection], tmp_path: Path, metric: Metric
) -> None:
    truth = tmp_path / "truth.duckdb"
    company = DISTORTED
    copyfile(found.companies[company].truth, truth)
    with duckdb.connect(str(truth)) as connection:
        connection.execute(DEFECTS[metric.name])
    with side(found.warehouse, found.companies[company], truth) as connection:
        others = {other: sides[other] for other in metric.where if metric.is_shared}
        assert differences(metric, {**others, company: connection})


@pytest.mark.parametrize("company", EXACT)
def test_the_bounds_of_the_fail_rate_enclose_what_really_failed(
    sides: Mapping[str, duckdb.DuckDBPyConnection], company: str
) -> None:
    [bounds] = rows_of(
        sides[company],
        f"""
        select sum(explicit_failure_count) as low, sum(suspected_failure_count) as high,
            (select count(distinct caused_by_deployment) from shown_incidents) as failures
        from {at("dora_weekly", "service")}
        """,
    )
    assert bounds["low"] <= bounds["failures"] <= bounds["high"]
    assert bounds["failures"] or company != DISTORTED


def test_what_is_open_is_estimated_as_it_turned_out(
    found: Simulated, sides: Mapping[str, duckdb.DuckDBPyConnection]
) -> None:
    """The simulation goes on after what was shown, so that truth knows how long it took in the end."""
    told_so_far = list(items_of(list(sides.values()), CHANGE_LATENCIES, ("organisation",)))
    in_the_end = []
    for name, company in found.companies.items():
        [end] = rows_of(sides[name], "select end_at::varchar as ending from truth.run")
        with side(found.warehouse, company._replace(shown_until=end["ending"]), company.truth) as later:
            in_the_end += items_of([later], CHANGE_LATENCIES, ("organisation",))
    turned_out = arrivals(in_the_end)
    finished_only = arrivals([item for item in told_so_far if item.outcome != "censored"])

    rows = rows_of(
        sides[DISTORTED],
        f"""
        select * from built.metrics.change_latency_weekly
        where
            scope = 'organisation' and cohort = 'arrivals' and censored_count > 0
            and latency in {TURNED_OUT} and end_of(week_start) <= as_of()
        """,
    )
    # as many as 95 % intervals miss by chance, and what looks at finished changes only misses more
    count = len(rows) * len(FEWEST)
    by_chance = 0.05 * count + 2 * sqrt(0.05 * 0.95 * count)
    assert count >= 20
    assert missed(rows, turned_out) <= by_chance < missed(rows, finished_only)


def missed(rows: list[Row], figures: Mapping[tuple[str, date], Row]) -> int:
    """Return how many quantiles lie outside the mart's intervals; an end that was not reached is open."""
    count = 0
    for row in rows:
        for percent in FEWEST:
            figure = figures[row["latency"], row["week_start"]][f"p{percent}_seconds"]
            low, high = (row[f"p{percent}_{end}_seconds"] for end in ("low", "high"))
            count += not (low or 0) <= (figure.seconds if figure else inf) <= (high or inf)
    return count


def arrivals(items: list[Item]) -> dict[tuple[str, date], Row]:
    return {
        (row["subject"], row["week_start"]): row
        for row in estimates_of(items, max(item.ended_at or item.started_at for item in items))
        if row["cohort"] == "arrivals"
    }


@pytest.mark.parametrize("layer", ["marts", "metrics"])
def test_nothing_is_lost_or_made_up_in_any_company(found: Simulated, layer: Layer) -> None:
    """Rules of conservation are on single items, stages and weeks, so none can make up for another."""
    with duckdb.connect(str(found.warehouse), read_only=True) as connection:
        catalogue = defaultdict(tuple)
        for relation, column in connection.execute(
            "select schema_name || '.' || table_name, column_name from duckdb_columns()"
            " where database_name = current_database() order by table_oid, column_index"
        ).fetchall():
            catalogue[relation] += (column,)
        broken = {
            check.identifier: rows
            for check in suite(layer, [])
            if check.severity == "blocking"
            and (rows := connection.execute(check.breaches(catalogue)).fetchmany(3))
        }
    assert broken == {}


def test_each_metric_mart_is_compared() -> None:
    marts = {path.stem for path in MODELS.glob("*.sql")}
    assert {metric.name.partition(":")[0] for metric in METRICS} == marts

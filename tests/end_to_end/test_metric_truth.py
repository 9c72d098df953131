"""Whether the metric marts say what the truth of simulated companies says, in every scenario.

Counts, shares and reasons are equal; quantiles are, too, but for the seconds of stamps, and never further
from truth than chance would put them in a cohort of that size. `metric_definitions` says what is compared and
where: changes, deployments, reviews and CI in all companies; tickets, features, surveys and the use of
assistants in the one that is read whole; incidents where there is a pager. In one company pushes are not
recorded, so what depends on their times is not compared there.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from shutil import copyfile

import duckdb
import pytest
from support.metric_definitions import METRICS, VIEWS
from support.metric_truth import Metric, told
from support.simulated import WHOLE, Shown, Simulated, simulated
from support.truth import opened

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
    "handoffs_weekly": "update handoffs set outcome = 'withdrawn' where mechanism = 'review_request'",
    "change_latency_weekly": "update changes set created_at = created_at - interval 1 hour",
    "incident_recovery_weekly": "update incidents set resolved_at = resolved_at + interval 7 day",
    "decision_latency_weekly": "delete from stage_visits where stage = 'decide' and rowid % 2 = 0",
    "open_work_aging": "update stage_visits set exited_at = null where stage = 'review'",
    "open_work_aging: usual": "update stage_visits set exited_at = null, exit_reason = 'open'",
    "deployment_waits_weekly: changes": ("update changes set deployed_at = deployed_at + interval 1 minute"),
    "deployment_waits_weekly: deployments": (
        "update deployments set gate_decided_at = gate_decided_at + interval 7 day"
    ),
    "dora_weekly": "update deployments set status = 'failure' where rowid % 5 = 0",
    "dora_weekly: lead times and recovery": "delete from change_services where rowid % 5 = 0",
    "dora_weekly: gaps": "update deployments set is_rollback = true where rowid % 5 = 0",
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


def side(warehouse: Path, company: Shown, truth: Path) -> duckdb.DuckDBPyConnection:
    connection = opened(warehouse, truth, connections=company.connections, as_of=company.shown_until)
    for views in VIEWS:
        connection.execute(views)
    return connection


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_a_metric_is_what_truth_says_in_every_company_that_tells_of_it(
    sides: Mapping[str, duckdb.DuckDBPyConnection], metric: Metric
) -> None:
    outcome = told(metric, {company: sides[company] for company in metric.where})
    assert not outcome.differences, sorted(outcome.differences)[:20]
    assert outcome.figures


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_a_truth_that_differs_is_noticed_in_a_metric(
    found: Simulated, sides: Mapping[str, duckdb.DuckDBPyConnection], tmp_path: Path, metric: Metric
) -> None:
    truth = tmp_path / "truth.duckdb"
    copyfile(found.companies[WHOLE].truth, truth)
    with duckdb.connect(str(truth)) as connection:
        connection.execute(DEFECTS[metric.name])
    with side(found.warehouse, found.companies[WHOLE], truth) as connection:
        others = {company: sides[company] for company in metric.where if metric.is_shared}
        assert told(metric, {**others, WHOLE: connection}).differences

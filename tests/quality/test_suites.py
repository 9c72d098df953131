"""Each check of each suite passes on clean data and fails, alone, on the defect it is there to find."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from quality.suites import LAYERS, Layer, Source, suite
from quality.validation import run_suite

RAW = {
    "raw_flowgauge.connections.connections_are_fresh": """
        update raw_flowgauge.connections set loaded_through_at = timestamp '2026-03-09 09:00:00'
    """,
    "raw_github.source_counts.rows_reconcile_with_source": """
        update raw_github.source_counts set source_count = 4 where table_name = 'pull_requests'
    """,
    "raw_github.rejected_rows.rejected_rows_are_few": """
        insert into raw_github.rejected_rows
        select
            'acme', 'pull_requests', range::text, 'number is missing', '{}', timestamp '2026-03-10 10:00:00'
        from range(5)
    """,
    "raw_github.rejected_rows.no_rows_are_rejected": """
        insert into raw_github.rejected_rows
        values ('acme', 'pull_requests', '9', 'number is missing', '{}', timestamp '2026-03-10 10:00:00')
    """,
    "raw_github.source_counts.loaded_connections_hold_rows": """
        insert into raw_flowgauge.connections
        values ('blind', 'github', timestamp '2026-03-10 10:00:00', 'succeeded', null)
    """,
    "raw_github.source_counts.rows_belong_to_a_connection": """
        insert into raw_github.repositories
        values ('renamed', 'r2', timestamp '2026-01-01', timestamp '2026-03-10 10:00:00')
    """,
    "raw_github.source_counts.rows_are_not_from_the_future": """
        update raw_github.pull_requests set updated_at = extracted_at + interval 2 hour where id = '3'
    """,
}

CANONICAL = {
    "canonical.changes.rows_equal_raw": """
        delete from canonical.repositories
    """,
    "canonical.change_events.event_types_are_declared": """
        insert into canonical.change_events
        values ('acme', 'github', '1', 'celebrated', timestamp '2026-03-01 12:00:00', 'exact',
            timestamp '2026-03-10 10:00:00')
    """,
    "canonical.change_events.events_follow_their_opening": """
        update canonical.change_events set occurred_at = timestamp '2026-02-28'
        where type = 'reviewed_approved'
    """,
    "canonical.change_events.events_precede_their_extraction": """
        update canonical.change_events set occurred_at = timestamp '2026-03-11'
        where type = 'reviewed_approved'
    """,
    "canonical.change_events.lifecycle_events_agree_with_changes": """
        delete from canonical.change_events where type = 'merged'
    """,
    "canonical.deployment_events.deployments_finish_with_their_events": """
        update canonical.deployments set finished_at = started_at
    """,
}

MARTS = {
    "marts.fct_stage_visits.stage_seconds_sum_to_elapsed": """
        update marts.fct_changes set closed_seconds = 0 where change_key = '2'
    """,
    "marts.fct_stage_visits.flows_end_at_their_milestone": """
        update marts.fct_changes set closed_at = closed_at - interval 1 minute where change_key = '2'
    """,
    "marts.fct_stage_visits.item_seconds_sum_to_elapsed": """
        update marts.fct_incidents set closed_seconds = 1
    """,
    "marts.fct_stage_visits.visits_belong_to_known_items": """
        update marts.fct_handoffs set flow_item_key = 'gone'
    """,
    "marts.fct_stage_visits.visits_do_not_overlap": """
        update marts.fct_stage_visits
        set entered_at = entered_at - interval 1 minute, exited_at = exited_at - interval 1 minute
        where flow_item_key = '1' and stage_key = md5('stage|release_wait')
    """,
    "marts.fct_stage_visits.visits_have_length": """
        update marts.fct_stage_visits set is_open = true where stage_key = md5('stage|build')
    """,
    "marts.fct_stage_visits.equal_neighbours_are_one_visit": """
        update marts.fct_stage_visits set stage_key = md5('stage|deploy')
        where stage_key = md5('stage|release_wait');
        update marts.fct_flow_daily set arrivals = 2, departures = 2 where stage_key = md5('stage|deploy');
        delete from marts.fct_flow_daily where stage_key = md5('stage|release_wait')
    """,
    "marts.fct_flow_daily.arrivals_less_exits_equal_wip": """
        update marts.fct_flow_daily set wip_open = 2 where date_day = date '2026-03-10'
    """,
    "marts.fct_flow_daily.daily_flow_counts_each_visit": """
        update marts.fct_flow_daily set arrivals = 3, departures = 1 where date_day = date '2026-03-02'
    """,
    "marts.fct_changes.rows_equal_canonical": """
        delete from marts.fct_releases
    """,
    "marts.fct_rejected_rows.impossible_measures_are_quarantined": """
        update marts.fct_ci_runs set run_seconds = null, run_seconds_null_reason = 'impossible'
    """,
    "marts.fct_changes.facts_are_not_later_than_as_of": """
        update marts.fct_releases set published_at = timestamp '2026-03-10 10:00:01'
    """,
    "marts.fct_changes.durations_are_defined_once": """
        update marts.fct_changes set created_to_merged_seconds = created_to_merged_seconds + 1
        where change_key = '1'
    """,
    "marts.fct_changes.stage_durations_equal_visits": """
        update marts.fct_changes set review_wait_seconds = 1 where change_key = '1'
    """,
    "marts.fct_changes.seconds_are_not_negative": """
        update marts.fct_stage_visits set business_seconds = -1 where stage_key = md5('stage|build')
    """,
    "marts.fct_changes.nulls_have_reasons": """
        update marts.fct_changes set deployment_lead_seconds_null_reason = null where change_key = '3'
    """,
    "marts.fct_changes.reasons_are_known": """
        update marts.fct_changes set deployment_lead_seconds_null_reason = 'too_late'
        where deployment_lead_seconds_null_reason is not null
    """,
    "marts.fct_stage_visits.business_seconds_fit_in_calendar_seconds": """
        update marts.fct_stage_visits set business_seconds = calendar_seconds + 1
        where stage_key = md5('stage|build')
    """,
    "marts.fct_handoffs.handoffs_are_consistent": """
        update marts.fct_handoffs set outcome = 'accepted' where handoff_key = 'h2'
    """,
    "marts.fct_handoffs.returns_reverse_the_handoff_before": """
        update marts.fct_handoffs set is_return = true where handoff_key = 'h1'
    """,
    "marts.bridge_ambiguous_accounts.accounts_belong_to_one_person": """
        insert into marts.bridge_ambiguous_accounts
        values ('a1', 'same_login', 'x'), ('a2', 'same_login', 'x')
    """,
    "marts.fct_feature_adoption.customers_adopt_what_they_were_shown": """
        update marts.dim_feature set adopter_count = 2
    """,
    "marts.bridge_deployment_changes.links_have_method_and_confidence": """
        update marts.bridge_deployment_changes set confidence = null
    """,
}

METRICS = {
    "metrics.flow_by_stage_weekly.cohorts_add_up": """
        update metrics.flow_by_stage_weekly set competing_count = competing_count + 1
        where cohort = 'departures' and scope = 'team'
    """,
    "metrics.flow_by_stage_weekly.scopes_fit_in_the_organisation": """
        update metrics.flow_by_stage_weekly set item_count = item_count + 1, ended_count = ended_count + 1
        where scope = 'repository' and cohort = 'departures'
    """,
    "metrics.flow_by_stage_weekly.weekly_flow_counts_each_visit": """
        delete from metrics.flow_by_stage_weekly where stage_key = md5('stage|deploy')
    """,
    "metrics.handoffs_weekly.weekly_handoffs_count_each_handoff": """
        update metrics.handoffs_weekly set item_count = 2, ended_count = 2 where cohort = 'departures'
    """,
    "metrics.dora_weekly.deployments_are_counted_once": """
        update metrics.dora_weekly set success_count = 2 where scope = 'organisation'
    """,
    "metrics.metric_coverage.coverage_counts_each_row": """
        update metrics.metric_coverage set not_yet_count = 0
    """,
    "metrics.flow_by_stage_weekly.estimates_are_in_order": """
        update metrics.flow_by_stage_weekly set p75_seconds = p50_seconds - 1, p75_low_seconds = 0
    """,
    "metrics.dora_weekly.shares_lie_in_their_intervals": """
        update metrics.dora_weekly set rollback_rate = null
    """,
    "metrics.flow_by_stage_weekly.nulls_have_reasons": """
        update metrics.flow_by_stage_weekly set p75_seconds = null
    """,
    "metrics.flow_by_stage_weekly.reasons_are_known": """
        update metrics.flow_by_stage_weekly
        set p75_seconds = null, p75_seconds_null_reason = 'impossible'
    """,
}

DEFECTS: dict[Layer, dict[str, str]] = {
    "raw": RAW,
    "canonical": CANONICAL,
    "marts": MARTS,
    "metrics": METRICS,
}

IMPLIED = {
    "raw_github.rejected_rows.rejected_rows_are_few": {"raw_github.rejected_rows.no_rows_are_rejected"},
}
"""Defect → the weaker rule that it cannot but break as well."""


@pytest.fixture(autouse=True)
def _without_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages take longer than checks; test_validation sees that they are written."""
    context = "great_expectations.data_context.data_context.abstract_data_context.AbstractDataContext"
    monkeypatch.setattr(f"{context}.build_data_docs", lambda _context: None)


@pytest.mark.parametrize("layer", LAYERS)
def test_clean_warehouse_passes_every_check(
    layer: Layer, warehouse: Path, tmp_path: Path, sources: tuple[Source, ...]
) -> None:
    result = run_suite(layer, warehouse=warehouse, quality_dir=tmp_path / "quality", sources=sources)
    assert {
        found.check.identifier: found.sample for found in result.results if found.outcome != "passed"
    } == {}
    assert [found.check for found in result.results] == list(suite(layer, sources))
    assert result.is_publishable


@pytest.mark.parametrize(
    ("layer", "identifier"), [(layer, identifier) for layer in LAYERS for identifier in DEFECTS[layer]]
)
def test_seeded_defect_fails_exactly_its_check(
    layer: Layer,
    identifier: str,
    *,
    warehouse: Path,
    tmp_path: Path,
    sources: tuple[Source, ...],
    execute: Callable[[str], None],
) -> None:
    execute(DEFECTS[layer][identifier])
    result = run_suite(layer, warehouse=warehouse, quality_dir=tmp_path / "quality", sources=sources)
    assert result.of_outcome("error") == ()
    failed = {found.check.identifier: found for found in result.of_outcome("failed")}
    assert set(failed) == {identifier} | IMPLIED.get(identifier, set())
    assert failed[identifier].breach_count
    assert failed[identifier].sample
    assert result.is_publishable == (failed[identifier].check.severity == "warning")


def test_objects_of_a_connector_that_tells_no_events_need_none(
    warehouse: Path,
    tmp_path: Path,
    sources: tuple[Source, ...],
    execute: Callable[[str], None],
) -> None:
    for relation in ("deployments", "changes"):
        execute(
            f"insert into canonical.{relation} select * replace ('exports' as connection,"
            f" 'files' as connector) from canonical.{relation}"
        )
    both = (*sources, Source("files"))
    result = run_suite("canonical", warehouse=warehouse, quality_dir=tmp_path / "quality", sources=both)
    assert [found.check.identifier for found in result.of_outcome("failed")] == []


@pytest.mark.parametrize("is_open", [False, True])
def test_a_flow_whose_exposure_nobody_tells_goes_on_only_behind_a_flag(
    warehouse: Path,
    tmp_path: Path,
    sources: tuple[Source, ...],
    execute: Callable[[str], None],
    is_open: bool,
) -> None:
    execute(
        "update marts.fct_changes set exposed_at = null, exposed_at_null_reason = 'not_observed'"
        " where change_key = '1'"
    )
    if is_open:
        execute(
            "update marts.fct_stage_visits set exited_at = null"
            " where flow_item_key = '1' and stage_key = md5('stage|release_wait')"
        )
    result = run_suite("marts", warehouse=warehouse, quality_dir=tmp_path / "quality", sources=sources)
    failed = {found.check.identifier for found in result.of_outcome("failed")}
    assert ("marts.fct_stage_visits.flows_end_at_their_milestone" in failed) is is_open


@pytest.mark.parametrize("layer", LAYERS)
def test_every_check_has_a_seeded_defect(layer: Layer, sources: tuple[Source, ...]) -> None:
    assert {check.identifier for check in suite(layer, sources)} == set(DEFECTS[layer])


@pytest.mark.parametrize("layer", LAYERS)
def test_checks_are_told_apart_by_table_and_name(layer: Layer) -> None:
    checks = suite(layer, [Source("github"), Source("gitlab")])
    assert len({check.identifier for check in checks}) == len(checks)


def test_without_a_declared_event_every_event_is_undeclared(warehouse: Path, tmp_path: Path) -> None:
    result = run_suite(
        "canonical", warehouse=warehouse, quality_dir=tmp_path / "quality", sources=[Source("github")]
    )
    assert result.of_outcome("error") == ()
    assert [found.check.name for found in result.of_outcome("failed")] == ["event_types_are_declared"]


def test_times_are_checked_where_there_are_any_that_can_only_be_past() -> None:
    def names(*columns: str) -> set[str]:
        return {check.name for check in suite("raw", [Source("git", columns=frozenset(columns))])}

    assert names("authored_at", "created_at") - names("authored_at") == {"rows_are_not_from_the_future"}


def test_listing_checks_loads_neither_great_expectations_nor_duckdb() -> None:
    program = (
        "import sys; from quality.suites import LAYERS, Source, suite;"
        "assert all(suite(layer, [Source('github')]) for layer in LAYERS);"
        "print(sorted({'great_expectations', 'duckdb', 'sqlalchemy'} & set(sys.modules)))"
    )
    listed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert listed.stdout.strip() == "[]"

"""What a run loads, builds, skips and refuses, over the miniature installation."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
from support.command import environment_of
from support.installations import TESTS, Installation
from support.miniature import item
from support.polling_reader import polled

AS_OF = "2026-11-20T00:00:00+00:00"
IMPORTED = """
import sys
from support.miniature import install
install()
from orchestration.cli import main
try:
    main(["run", "--as-of", sys.argv[1]])
except SystemExit as ended:
    heavy = ("dbt", "dagster_dbt", "great_expectations")
    print("imported", [name for name in heavy if name in sys.modules])
    raise
"""


def runs(installation: Installation) -> list[dg.DagsterRun]:
    with dg.DagsterInstance.from_config(str(installation.home / "dagster")) as instance:
        return list(instance.get_runs())


def materialized(installation: Installation, run: dg.DagsterRun) -> set[str]:
    with dg.DagsterInstance.from_config(str(installation.home / "dagster")) as instance:
        records = instance.get_records_for_run(run.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION)
        events = [record.event_log_entry.dagster_event for record in records.records]
        return {event.asset_key.to_user_string() for event in events if event and event.asset_key}


def items_of(installation: Installation) -> set[tuple[Any, ...]]:
    return {row[:3] for row in installation.published()["fct_items"]}


def test_first_run_loads_builds_and_publishes_everything(published: Installation) -> None:
    assert items_of(published) == {("one", "a", "open"), ("one", "b", "done"), ("two", "c", "open")}
    manifest = published.manifest()
    assert manifest["as_of"] == "2026-11-20T00:00:00Z"
    assert {name: each["outcome"] for name, each in manifest["freshness"].items()} == {
        "one": "succeeded",
        "two": "succeeded",
    }
    assert {run.job_name: run.status for run in runs(published)} == {
        "ingest": dg.DagsterRunStatus.SUCCESS,
        "build": dg.DagsterRunStatus.SUCCESS,
    }


def test_run_without_news_builds_nothing_and_imports_neither_dbt_nor_great_expectations(
    published: Installation,
) -> None:
    before = published.ledger()["published"]
    ended = subprocess.run(
        [sys.executable, "-c", IMPORTED, AS_OF],
        cwd=published.folder,
        env=environment_of(published.folder, {"PYTHONPATH": str(TESTS)}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert "imported []" in ended.stdout
    assert "nothing to build" in ended.stdout
    assert published.ledger()["published"] == before
    latest = runs(published)[0]
    assert latest.job_name == "ingest"
    assert materialized(published, latest) == set()


def test_first_run_of_a_reporting_day_rebuilds_only_what_depends_on_the_clock(
    published: Installation,
) -> None:
    build = {**published.ledger()["published"], "is_as_of_fixed": False, "reporting_day": "2026-11-20"}
    published.change_ledger(published=build, build=build)
    ended = published.command("run")
    assert ended.status == 0, ended.output
    assert "what depends on the clock" in ended.output
    assert materialized(published, runs(published)[0]) == {
        "raw_flowgauge/runs",
        "marts/fct_items_daily",
        "metrics/items_open",
        "published",
    }
    ((as_of, count),) = published.published()["fct_items_daily"]
    assert (as_of > datetime.fromisoformat("2026-11-20"), count) == (True, 3)
    assert "nothing to build" in published.command("run").output


def test_news_of_one_connection_are_built_with_all_others(published: Installation) -> None:
    published.hold("one", item("a", "done"), item("b", "done"), item("d"))
    ended = published.command("run", "--only", "one", "--as-of", AS_OF)
    assert ended.status == 0, ended.output
    assert items_of(published) == {
        ("one", "a", "done"),
        ("one", "b", "done"),
        ("one", "d", "open"),
        ("two", "c", "open"),
    }
    ingest = next(run for run in runs(published) if run.job_name == "ingest")
    assert materialized(published, ingest) == {"raw_toy/one/items", "raw_toy/one/_dlt_loads"}


def test_failed_connection_keeps_no_other_from_being_built_and_is_told(published: Installation) -> None:
    published.hold("one", "the source is down")
    published.hold("two", item("c", "done"))
    ended = published.command("run", "--as-of", AS_OF)
    assert ended.status == 1
    assert "✗ one: the source is down" in ended.output
    assert ("two", "c", "done") in items_of(published)
    freshness = published.manifest()["freshness"]
    assert freshness["one"]["outcome"] == "failed"
    assert freshness["one"]["error"] == "the source is down"
    assert freshness["one"]["loaded_through_at"] < freshness["two"]["loaded_through_at"]


def test_connection_that_fails_for_ever_does_not_cause_a_build_each_time(published: Installation) -> None:
    published.hold("one", "the source is down")
    ended = published.command("run", "--as-of", AS_OF)
    assert (ended.status, "nothing to build" in ended.output) == (1, True)


def test_failed_blocking_check_publishes_nothing_and_is_named(published: Installation) -> None:
    before = published.published()
    published.hold("one", item("bad-marts"))
    ended = published.command("run", "--as-of", AS_OF)
    assert ended.status == 1
    assert "fct_items: marts is sound" in ended.output
    assert published.published() == before
    alone = published.launch("build", "published")
    assert (alone.status, "nothing was published: marts checks" in alone.output) == (1, True)
    assert published.published() == before


def test_failed_blocking_check_of_raw_data_stops_before_anything_is_built(published: Installation) -> None:
    published.hold("one", item("bad-raw"))
    ended = published.command("run", "--as-of", AS_OF)
    assert ended.status == 1
    assert "models built" not in ended.output


def test_failed_dbt_test_publishes_nothing_and_is_named(published: Installation) -> None:
    before = published.published()
    published.hold("one", item("a", "neither open nor done"))
    ended = published.command("run", "--as-of", AS_OF)
    assert ended.status == 1
    assert "accepted_values_fct_items_state" in ended.output
    assert published.published() == before


def test_models_built_alone_are_not_published_and_the_next_run_builds_all(published: Installation) -> None:
    assert published.launch("build", "marts/fct_items").status == 0
    assert "nothing was published: marts" in published.launch("build", "published").output
    ended = published.command("run", "--as-of", AS_OF, kill_at="start begin_build")
    assert "building everything: tables were rebuilt outside of a build" in ended.output


def test_step_of_the_daemon_fails_with_the_sentence_while_the_command_writes(
    published: Installation,
) -> None:
    with published.another_writer() as pid:
        ended = published.launch("ingest")
        refused = published.command("run")
    assert ended.status == 1
    assert f"another run (pid {pid}, since " in ended.output
    assert refused.status == 1
    assert refused.output.count("\n") == 1
    assert refused.output.startswith(f"another run (pid {pid}, since ")


def test_full_refresh_removes_what_is_gone_and_a_failed_warning_is_published(
    published: Installation,
) -> None:
    published.hold("one", item("odd-marts"))
    assert published.command("run", "--full-refresh", "--as-of", AS_OF).status == 0
    assert items_of(published) == {("one", "odd-marts", "open"), ("two", "c", "open")}


def test_full_refresh_of_unchanged_facts_changes_nothing(published: Installation) -> None:
    before = published.published()
    ended = published.command("run", "--full-refresh", "--as-of", AS_OF)
    assert (ended.status, "nothing to build" in ended.output) == (0, True)
    assert published.published() == before


def test_reader_that_polls_meanwhile_sees_what_was_and_what_is(
    published: Installation, tmp_path: Path
) -> None:
    before = published.published()
    published.hold("two", item("c"), item("d"))
    with polled(published.home / "published", tmp_path) as report:
        assert published.command("run", "--as-of", AS_OF).status == 0
    after = published.published()
    assert report["rounds"] > 3
    assert report["errors"] == []
    assert report["seen"].keys() == before.keys()
    assert all(set(seen) <= {len(before[name]), len(after[name])} for name, seen in report["seen"].items())
    assert len(after["fct_items"]) > len(before["fct_items"])


def test_changed_models_are_built_though_no_data_changed(published: Installation) -> None:
    build = {**published.ledger()["published"], "models": "other"}
    published.change_ledger(published=build, build=build)
    ended = published.command("run", "--as-of", AS_OF, kill_at="start begin_build")
    assert "building everything: the models changed" in ended.output


def test_changed_settings_are_built_though_no_source_changed(published: Installation) -> None:
    with (published.folder / "flowgauge.yaml").open("a", encoding="utf-8") as settings:
        settings.write("\nbots: [some-bot]\n")
    ended = published.command("run", "--as-of", AS_OF, kill_at="start begin_build")
    assert "building everything: raw data changed" in ended.output


def test_as_of_is_the_start_of_the_last_run_that_loaded_anything(published: Installation) -> None:
    published.hold("one", item("a", "done"))
    begun = datetime.now(UTC).replace(microsecond=0)
    assert published.command("run").status == 0
    as_of = datetime.fromisoformat(published.ledger()["published"]["as_of"])
    assert begun <= as_of <= datetime.now(UTC)
    assert published.command("run").status == 0
    assert datetime.fromisoformat(published.ledger()["published"]["as_of"]) == as_of

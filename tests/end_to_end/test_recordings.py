"""The recordings' own facts against the published marts: every pull request and every workflow run."""

import json
import statistics
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from support.command import flowgauge
from support.published import query
from support.replay import Replay, replay

__all__ = ["replay"]
pytestmark = pytest.mark.replay

SETTINGS = """
reporting_timezone: UTC
connections:
  - name: ants
    connector: github
    base_url: {url}
    token: ${{GITHUB_TOKEN}}
    repositories: [panjf2000/ants]
    clone: false
bots: [golangcibot]
"""


@pytest.fixture(scope="module")
def home(replay: Replay, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recordings")
    (folder / "flowgauge.yaml").write_text(SETTINGS.format(url=replay.github_url), encoding="utf-8")
    outcome = flowgauge("run", cwd=folder, environment={"GITHUB_TOKEN": replay.token})
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    return folder / ".flowgauge"


@pytest.fixture(scope="module")
def pulls(replay: Replay) -> dict[str, Any]:
    return facts(replay, "github_ants_pulls")


def facts(replay: Replay, name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((replay.expected / f"{name}.json").read_text(encoding="utf-8"))
    return content


def instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text).replace(tzinfo=None) if text else None


@pytest.fixture(scope="module")
def changes(home: Path) -> dict[str, dict[str, Any]]:
    return {str(row["number"]): row for row in query(home, "select * from marts.fct_changes")}


def test_every_pull_request_is_a_change_with_its_state(
    changes: dict[str, dict[str, Any]], pulls: dict[str, Any]
) -> None:
    assert {number: change["state"] for number, change in changes.items()} == {
        number: pull["state"] for number, pull in pulls["pulls"].items()
    }
    states = [change["state"] for change in changes.values()]
    assert {state: states.count(state) for state in set(states)} == {"merged": 26, "closed": 19, "open": 4}


MILESTONES = {
    "created_at": "created_at",
    "merged_at": "merged_at",
    "first_commit_authored_at": "first_commit_authored_at",
    "first_response_at": "first_response_without_named_bots_at",
    "first_approved_at": "approved_at",
}


@pytest.mark.parametrize("column", MILESTONES)
def test_milestones_of_every_pull_request_are_equal(
    changes: dict[str, dict[str, Any]], pulls: dict[str, Any], column: str
) -> None:
    assert {number: change[column] for number, change in changes.items()} == {
        number: instant(pull[MILESTONES[column]]) for number, pull in pulls["pulls"].items()
    }


def test_closing_is_the_recorded_instant_and_of_a_merged_change_its_merge(
    changes: dict[str, dict[str, Any]], pulls: dict[str, Any]
) -> None:
    # GitHub stamped the closing of pull 210 a second after its merge; a merged change closes as it merges.
    assert {number: change["closed_at"] for number, change in changes.items()} == {
        number: instant(pull["merged_at"] or pull["closed_at"]) for number, pull in pulls["pulls"].items()
    }


def test_durations_of_every_pull_request_are_equal(
    changes: dict[str, dict[str, Any]], pulls: dict[str, Any]
) -> None:
    assert {number: change["created_to_merged_seconds"] for number, change in changes.items()} == {
        number: pull["time_to_merge_s"] for number, pull in pulls["pulls"].items()
    }
    merged = [change["created_to_merged_seconds"] for change in changes.values() if change["merged_at"]]
    assert statistics.median(merged) == 67448.5
    coded = {n: c["coding_seconds"] for n, c in changes.items() if c["coding_seconds"] is not None}
    assert coded == {n: p["coding_time_s"] for n, p in pulls["pulls"].items() if p["coding_time_s"] >= 0}


def test_first_reviews_are_equal_and_where_the_declared_bot_was_first_they_are_later(
    changes: dict[str, dict[str, Any]], pulls: dict[str, Any]
) -> None:
    by_people = {number: pull for number, pull in pulls["pulls"].items() if not pull["named_bots"]}
    assert {number: changes[number]["first_review_at"] for number in by_people} == {
        number: instant(pull["first_formal_review_at"]) for number, pull in by_people.items()
    }
    by_bot = {number: pull for number, pull in pulls["pulls"].items() if pull["named_bots"]}
    assert by_bot
    for number, pull in by_bot.items():
        assert changes[number]["first_review_at"] > instant(pull["first_formal_review_at"])


def test_first_responses_leave_the_declared_bot_out(
    changes: dict[str, dict[str, Any]], pulls: dict[str, Any]
) -> None:
    answered = [change for change in changes.values() if change["first_response_at"]]
    waits = [(change["first_response_at"] - change["created_at"]).total_seconds() for change in answered]
    summary = pulls["summary"]["time_to_first_response_without_named_bots_s"]
    assert (len(waits), statistics.median(waits)) == (summary["n"], summary["median"])


def test_negative_coding_times_are_rejected_rows_with_both_instants(
    home: Path, changes: dict[str, dict[str, Any]], pulls: dict[str, Any]
) -> None:
    negative = {str(number) for number in pulls["summary"]["negative_coding_time"]}
    assert {n for n, c in changes.items() if c["coding_seconds_null_reason"] == "impossible"} == negative
    rejected = query(
        home,
        "select number, started_at, ended_at from marts.fct_rejected_rows "
        "join marts.fct_changes on change_key = item_key where measure = 'coding_seconds'",
    )
    assert {str(row["number"]): (row["started_at"], row["ended_at"]) for row in rejected} == {
        number: (
            instant(pulls["pulls"][number]["first_commit_authored_at"]),
            instant(pulls["pulls"][number]["created_at"]),
        )
        for number in negative
    }


def test_run_durations_are_of_the_latest_attempt_and_not_inflated(home: Path, replay: Replay) -> None:
    recorded = facts(replay, "github_ci_runs")["panjf2000/ants"]
    latest = query(
        home,
        "select * from marts.fct_ci_runs "
        "qualify row_number() over (partition by run order by attempt desc) = 1",
    )
    runs = {int(row["run"]): row for row in latest}
    assert len(runs) == recorded["runs"]
    assert sum(row["attempt"] > 1 for row in latest) == recorded["reruns"]
    finished = {fact["id"]: fact["mine_s"] for fact in recorded["beside_devlake"] if fact["conclusion"]}
    assert len(finished) == recorded["duration_run_started_to_updated_s"]["n"]
    measured = {run: row["run_seconds"] for run, row in runs.items() if row["run_seconds"] is not None}
    assert measured == finished
    assert statistics.median(measured.values()) == recorded["duration_run_started_to_updated_s"]["median"]
    running = {fact["id"] for fact in recorded["beside_devlake"] if not fact["conclusion"]}
    assert {run for run, row in runs.items() if row["run_seconds_null_reason"] == "not_yet"} == running
    assert {run: row["conclusion"] for run, row in runs.items()} == {
        fact["id"]: fact["conclusion"] or "running" for fact in recorded["beside_devlake"]
    }

"""The recordings' own facts against the published marts: every pull request and every workflow run."""

import json
import statistics
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import duckdb
import pytest
from support.command import flowgauge
from support.replay import Replay, recordings, replay_server

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


def expected(name: str) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(
        (recordings() / "expected" / f"{name}.json").read_text(encoding="utf-8")
    )
    return facts


def instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text).replace(tzinfo=None) if text else None


@pytest.fixture(scope="module")
def replay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replay]:
    with replay_server(tmp_path_factory.mktemp("replay")) as server:
        yield server


@pytest.fixture(scope="module")
def published(
    replay: Replay, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[duckdb.DuckDBPyConnection]:
    folder = tmp_path_factory.mktemp("recordings")
    (folder / "flowgauge.yaml").write_text(SETTINGS.format(url=replay.github_url), encoding="utf-8")
    outcome = flowgauge("run", cwd=folder, environment={"GITHUB_TOKEN": replay.token})
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    with duckdb.connect(
        str(folder / ".flowgauge" / "published" / "flowgauge.duckdb"), read_only=True
    ) as connection:
        yield connection


def rows(connection: duckdb.DuckDBPyConnection, sql: str) -> list[dict[str, Any]]:
    cursor = connection.execute(sql)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@pytest.fixture(scope="module")
def changes(published: duckdb.DuckDBPyConnection) -> dict[str, dict[str, Any]]:
    return {str(row["number"]): row for row in rows(published, "select * from marts.fct_changes")}


def test_every_pull_request_is_a_change_with_its_state(changes: dict[str, dict[str, Any]]) -> None:
    facts = expected("github_ants_pulls")
    assert {number: change["state"] for number, change in changes.items()} == {
        number: pull["state"] for number, pull in facts["pulls"].items()
    }
    states = [change["state"] for change in changes.values()]
    assert {state: states.count(state) for state in set(states)} == {"merged": 26, "closed": 19, "open": 4}


MILESTONES = {
    "created_at": "created_at",
    "merged_at": "merged_at",
    "closed_at": "closed_at",
    "first_commit_authored_at": "first_commit_authored_at",
    "first_response_at": "first_response_without_named_bots_at",
    "first_review_at": "first_formal_review_at",
    "first_approved_at": "approved_at",
}


@pytest.mark.parametrize("column", MILESTONES)
def test_milestones_of_every_pull_request_are_equal(changes: dict[str, dict[str, Any]], column: str) -> None:
    pulls = expected("github_ants_pulls")["pulls"]
    assert {number: change[column] for number, change in changes.items()} == {
        number: instant(pull[MILESTONES[column]]) for number, pull in pulls.items()
    }


def seconds(fact: int | float | None) -> int | None:
    return None if fact is None else int(fact)


def test_durations_of_every_pull_request_are_equal(changes: dict[str, dict[str, Any]]) -> None:
    pulls = expected("github_ants_pulls")["pulls"]
    assert {n: change["created_to_merged_seconds"] for n, change in changes.items()} == {
        n: seconds(pull["time_to_merge_s"]) for n, pull in pulls.items()
    }
    merged = [
        c["created_to_merged_seconds"] for c in changes.values() if c["created_to_merged_seconds"] is not None
    ]
    assert statistics.median(merged) == 67448.5
    assert {n: c["coding_seconds"] for n, c in changes.items() if c["coding_seconds"] is not None} == {
        n: seconds(pull["coding_time_s"]) for n, pull in pulls.items() if pull["coding_time_s"] >= 0
    }


def test_first_response_medians_leave_the_named_bot_out(changes: dict[str, dict[str, Any]]) -> None:
    answered = [change for change in changes.values() if change["first_response_at"] is not None]
    waits = [(change["first_response_at"] - change["created_at"]).total_seconds() for change in answered]
    summary = expected("github_ants_pulls")["summary"]["time_to_first_response_without_named_bots_s"]
    assert (len(waits), statistics.median(waits)) == (summary["n"], summary["median"])


def test_negative_coding_times_are_rejected_rows_with_both_instants(
    published: duckdb.DuckDBPyConnection, changes: dict[str, dict[str, Any]]
) -> None:
    pulls, summary = expected("github_ants_pulls")["pulls"], expected("github_ants_pulls")["summary"]
    negative = {str(number) for number in summary["negative_coding_time"]}
    assert {n for n, c in changes.items() if c["coding_seconds_null_reason"] == "impossible"} == negative
    rejected = rows(
        published,
        "select number, started_at, ended_at from marts.fct_rejected_rows "
        "join marts.fct_changes on change_key = item_key where measure = 'coding_seconds'",
    )
    assert {str(row["number"]): (row["started_at"], row["ended_at"]) for row in rejected} == {
        number: (instant(pulls[number]["first_commit_authored_at"]), instant(pulls[number]["created_at"]))
        for number in negative
    }


def test_run_durations_are_of_the_latest_attempt_and_not_inflated(
    published: duckdb.DuckDBPyConnection,
) -> None:
    facts = expected("github_ci_runs")["panjf2000/ants"]
    runs = {
        int(row["source_id"].split(":")[0]): row
        for row in rows(
            published,
            "select * from marts.fct_ci_runs qualify row_number() over "
            "(partition by split_part(source_id, ':', 1) order by attempt desc) = 1",
        )
    }
    assert len(runs) == facts["runs"]
    finished = {fact["id"]: fact["mine_s"] for fact in facts["beside_devlake"] if fact["conclusion"]}
    assert {
        run: row["run_seconds"] for run, row in runs.items() if row["run_seconds"] is not None
    } == finished
    running = {fact["id"] for fact in facts["beside_devlake"] if not fact["conclusion"]}
    assert {run for run, row in runs.items() if row["run_seconds_null_reason"] == "not_yet"} == running
    assert {run: row["conclusion"] for run, row in runs.items()} == {
        fact["id"]: fact["conclusion"] or "running" for fact in facts["beside_devlake"]
    }
    assert sum(row["attempt"] > 1 for row in runs.values()) == facts["reruns"]

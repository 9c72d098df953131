"""The recordings at the raw level: real payloads, and what the connector makes of them."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from support.replay import Replay

from ingestion.connector import Extraction
from ingestion.connectors.github import CONNECTOR
from ingestion.connectors.github.actions import job_pages
from ingestion.connectors.github.settings import GitHubSettings, client
from ingestion.connectors.github.source import repositories, started
from ingestion.connectors.github.walk import Accounts
from ingestion.identity import EmailHasher

pytestmark = pytest.mark.replay
REPOSITORY = "panjf2000/ants"
RECORDED_JOB_RUNS = {
    "577324554": 6,
    "577330056": 6,
    "664533609": 1,
    "577324558": 1,
    "577324571": 1,
    "577330055": 1,
    "577330057": 1,
    "583528173": 1,
    "604839350": 1,
    "613518923": 1,
}


def extraction(replay: Replay, state: dict[str, Any], workspace: Path) -> Extraction:
    settings = GitHubSettings(
        name="ants",
        connector="github",
        base_url=replay.github_url,
        token=replay.token,
        repositories=[REPOSITORY],
        clone=False,
    )
    return Extraction(
        settings=settings,
        http=client(settings),
        state=state,
        started_at=datetime(2026, 11, 23, tzinfo=UTC),
        workspace=workspace,
        hash_email=EmailHasher(b"key"),
    )


class Recorded:
    """One walk over the recordings, and the state that it left."""

    def __init__(self, replay: Replay, workspace: Path) -> None:
        self.state: dict[str, Any] = {}
        self.extraction = extraction(replay, self.state, workspace)
        self.rows: dict[str, dict[tuple[Any, ...], dict[str, Any]]] = {
            table.name: {} for table in CONNECTOR.tables
        }
        for page in CONNECTOR.extract(self.extraction):
            key = CONNECTOR.table(page.table).key
            self.rows[page.table].update((tuple(row[name] for name in key), dict(row)) for row in page.rows)

    def table(self, name: str) -> list[dict[str, Any]]:
        return list(self.rows[name].values())


@pytest.fixture(scope="module")
def recorded(replay: Replay, tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    return Recorded(replay, tmp_path_factory.mktemp("replay"))


@pytest.fixture(scope="module")
def pulls(replay: Replay) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(
        (replay.expected / "github_ants_pulls.json").read_text(encoding="utf-8")
    )
    return facts


@pytest.fixture(scope="module")
def runs(replay: Replay) -> dict[str, Any]:
    facts = json.loads((replay.expected / "github_ci_runs.json").read_text(encoding="utf-8"))
    ants: dict[str, Any] = facts[REPOSITORY]
    return ants


def seconds(start: str, end: str) -> float:
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()


def test_pull_requests_and_their_states(recorded: Recorded, pulls: dict[str, Any]) -> None:
    states = Counter(str(row["state"]).lower() for row in recorded.table("pull_requests"))
    assert states == pulls["summary"]["by_state"]
    assert sum(states.values()) == pulls["summary"]["pulls"] == 49


def test_time_from_opening_to_merge(recorded: Recorded, pulls: dict[str, Any]) -> None:
    taken = [
        seconds(row["created_at"], row["merged_at"])
        for row in recorded.table("pull_requests")
        if row["merged_at"]
    ]
    assert median(taken) == pulls["summary"]["seconds"]["time_to_merge_s"]["median"] == 67448.5


def test_runs_of_the_latest_attempt_are_not_inflated(recorded: Recorded, runs: dict[str, Any]) -> None:
    rows = recorded.table("workflow_runs")
    assert len(rows) == runs["runs"]
    assert sum(row["attempt"] > 1 for row in rows) == runs["reruns"]
    taken = [
        seconds(row["run_started_at"], row["updated_at"]) for row in rows if row["status"] == "completed"
    ]
    expected = runs["duration_run_started_to_updated_s"]
    assert (len(taken), median(taken)) == (expected["n"], expected["median"])


def test_jobs_of_runs_that_were_not_recorded(recorded: Recorded) -> None:
    (repository,) = repositories(recorded.extraction)
    walk = started(recorded.extraction, Accounts(), repository)
    jobs = [row for run in RECORDED_JOB_RUNS for page in job_pages(walk, run, 1) for row in page.rows]
    assert Counter(str(row["run_id"]) for row in jobs) == RECORDED_JOB_RUNS
    assert Counter(row["conclusion"] for row in jobs) == {
        "cancelled": 6,
        "success": 10,
        "failure": 2,
        None: 2,
    }
    # No runner was recorded, so that nothing says when a runner began.
    assert {row["steps_started_at"] for row in jobs} == {None}


def test_tags_stand_as_releases(recorded: Recorded) -> None:
    assert len(recorded.table("releases")) == 48


def test_the_second_walk_asks_for_little(replay: Replay, recorded: Recorded, tmp_path: Path) -> None:
    again = extraction(replay, recorded.state, tmp_path)
    pages = [page for page in CONNECTOR.extract(again) if page.table == "pull_requests"]
    open_ones = 1
    assert sum(again.http.request_counts.values()) <= 6 + open_ones
    assert sum(len(page.rows) for page in pages) == 5

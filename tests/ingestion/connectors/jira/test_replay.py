"""The recordings at the raw level: real payloads, and what the connector makes of them."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from support.replay import Replay, replay

from ingestion.connector import Extraction
from ingestion.connectors.jira import CONNECTOR
from ingestion.connectors.jira.issues import change_logs
from ingestion.connectors.jira.rows import Accounts, change_rows
from ingestion.connectors.jira.settings import JiraSettings, client
from ingestion.identity import EmailHasher

__all__ = ["replay"]
pytestmark = pytest.mark.replay

Row = dict[str, Any]


@pytest.fixture(scope="module")
def extraction(replay: Replay) -> Extraction:
    settings = JiraSettings(
        name="recorded",
        connector="jira",
        base_url=replay.jira_url,
        email="reader@example.invalid",
        token=replay.token,
        projects=["EE", "K5"],
        without=["boards"],
        time_zone="UTC",
    )
    return Extraction(
        settings=settings,
        http=client(settings),
        state={},
        started_at=datetime(2026, 11, 23, tzinfo=UTC),
        workspace=Path(),
        hash_email=EmailHasher(b"key"),
    )


@pytest.fixture(scope="module")
def rows(extraction: Extraction) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for page in CONNECTOR.extract(extraction):
        found[page.table] += [dict(row) for row in page.rows]
    return found


@pytest.fixture(scope="module")
def facts(replay: Replay) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((replay.expected / "jira_issues.json").read_text(encoding="utf-8"))
    return content


def test_every_issue_is_read_once(rows: dict[str, list[Row]], facts: dict[str, Any]) -> None:
    assert sorted(row["key"] for row in rows["issues"]) == sorted(facts["issues"])
    assert len(rows["issues"]) == facts["summary"]["issues"]


def test_whole_change_logs_are_read(
    extraction: Extraction, rows: dict[str, list[Row]], facts: dict[str, Any]
) -> None:
    keys = {row["id"]: row["key"] for row in rows["issues"]}
    lengths: Counter[str] = Counter()
    for issue_id, entries in change_logs(extraction, list(keys)):
        lengths[keys[issue_id]] += len(entries)
    assert lengths == {key: issue["histories"] for key, issue in facts["issues"].items()}


def test_time_in_status_is_equal_to_the_second(rows: dict[str, list[Row]], facts: dict[str, Any]) -> None:
    moves: dict[str, list[tuple[datetime, int, Row]]] = defaultdict(list)
    for row in rows["issue_changes"]:
        if row["field"] == "status":
            moves[row["issue_id"]].append((row["occurred_at"], int(row["id"]), row))
    assert sum(map(len, moves.values())) == facts["summary"]["status_moves"]
    total: Counter[str] = Counter()
    for issue in rows["issues"]:
        spent: Counter[str] = Counter()
        came_at, status = datetime.fromisoformat(issue["created_at"]), None
        for left_at, _, move in sorted(moves[issue["id"]], key=lambda move: move[:2]):
            spent[status or move["from_name"]] += int((left_at - came_at).total_seconds())
            came_at, status = left_at, move["to_name"]
        assert spent == facts["issues"][issue["key"]]["seconds_in_status_until_last_move"]
        total += spent
    assert total == facts["summary"]["total_seconds_in_status"]


def test_issues_whose_change_logs_alone_were_recorded(extraction: Extraction, facts: dict[str, Any]) -> None:
    recorded = facts["summary"]["changelog_endpoint"]
    accounts = Accounts(extraction.hash_email)
    lengths: Counter[str] = Counter()
    found: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    for issue_id, entries in change_logs(extraction, list(recorded)):
        lengths[issue_id] += len(entries)
        for entry in entries:
            for row in change_rows(issue_id, entry, accounts):
                if row["field"] == "status":
                    occurred_at = row["occurred_at"].strftime("%Y-%m-%dT%H:%M:%SZ")
                    found[issue_id].append((occurred_at, row["from_name"], row["to_name"]))
    assert lengths == {issue_id: fact["histories"] for issue_id, fact in recorded.items()}
    assert found == {
        issue_id: [tuple(move) for move in fact["status_moves"]] for issue_id, fact in recorded.items()
    }


def test_histories_that_are_longer_than_a_page_are_read_whole(
    extraction: Extraction, facts: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingestion.connectors.jira.issues._ENTRIES_AT_ONCE", 30)
    read = [entry["id"] for _, entries in change_logs(extraction, ["13383"]) for entry in entries]
    assert len(set(read)) == facts["summary"]["changelog_endpoint"]["13383"]["histories"] == len(read)

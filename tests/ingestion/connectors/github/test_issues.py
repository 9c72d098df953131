"""Issues as tickets: what is kept of them, what is read again, and what a refusal costs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from support.github import FakeGitHub

from ingestion.http import GraphQLError

Make = Callable[..., Any]
NOW = datetime(2026, 9, 15, 12, tzinfo=UTC)
OTHER_PARTS = ["actions", "deployments", "releases", "activity"]


def plain(walker: Make) -> Any:
    return walker(without=OTHER_PARTS, issues=True)


def asked(walked: Any) -> list[str]:
    return [request for request in walked.new if "Issue" in request]


def test_an_issue_becomes_its_row_and_its_closings_events(walker: Make) -> None:
    walked = plain(walker).walk()
    assert walked.row("issues", number=71) == {
        "id": "50241",
        "repository_id": "501",
        "number": 71,
        "state": "CLOSED",
        "type_label": "bug",
        "author_id": "105",
        "assignee_id": "101",
        "created_at": "2026-08-31T09:00:00Z",
        "updated_at": "2026-09-01T12:00:05Z",
        "closed_at": "2026-09-01T12:00:05Z",
    }
    events = [row for row in walked.rows("issue_events") if row["issue_id"] == "50241"]
    assert [(row["type"], row["actor_id"], row["state_reason"]) for row in events] == [
        ("ClosedEvent", "101", "COMPLETED"),
        ("ReopenedEvent", "105", None),
        ("ClosedEvent", "101", "COMPLETED"),
    ]
    assert walked.row("issues", number=72)["type_label"] == "enhancement"


def test_only_issues_that_changed_are_read_again_and_those_of_the_last_hour(
    fake: FakeGitHub, walker: Make
) -> None:
    walking = plain(walker)
    walking.walk()
    assert {row["number"] for row in walking.walk().rows("issues")} == {72}
    changed = fake.repository()["issues"][0]
    changed["updated_at"] = "2026-09-15T12:10:00Z"
    again = walking.walk(NOW + timedelta(minutes=30))
    assert {row["number"] for row in again.rows("issues")} == {71, 72}


def test_pages_of_events_are_read_to_their_end(fake: FakeGitHub, walker: Make) -> None:
    issue = fake.repository()["issues"][0]
    issue["timeline"] = [
        {
            "id": f"E_{number:03}",
            "type": "ClosedEvent" if number % 2 == 0 else "ReopenedEvent",
            "created_at": f"2026-09-01T{number // 60:02}:{number % 60:02}:00Z",
            "actor": "alice",
            "state_reason": None,
        }
        for number in range(250)
    ]
    walked = plain(walker).walk()
    events = [row["id"] for row in walked.rows("issue_events") if row["issue_id"] == "50241"]
    assert events == [f"E_{number:03}" for number in range(250)]
    assert sum("MoreIssueEvents" in request for request in walked.new) == 2


def test_a_token_that_may_not_read_issues_loses_them_alone(fake: FakeGitHub, walker: Make) -> None:
    fake.forbidden = {"issues"}
    walked = plain(walker).walk()
    assert (walked.rows("issues"), len(walked.rows("pull_requests"))) == ([], 20)
    assert "acme/checkout: its issues may not be read: no tickets" in walked.said


def test_a_failing_server_is_not_taken_for_a_refusal(fake: FakeGitHub, walker: Make) -> None:
    walking = plain(walker)
    fake.fail("errors", "Issues", count=99)
    with pytest.raises(GraphQLError):
        walking.walk()
    assert "cursor" not in walking.state["repositories"]["501"]["issues"]


def test_issues_are_read_only_where_they_are_asked_for(walker: Make) -> None:
    walked = walker(without=OTHER_PARTS).walk()
    assert (walked.rows("issues"), asked(walked)) == ([], [])

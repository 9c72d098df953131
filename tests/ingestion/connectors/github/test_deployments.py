"""Deployments, statuses, releases and activity."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from support.github import FakeGitHub

from ingestion.http import AccessDeniedError

Make = Callable[..., Any]
NOW = datetime(2026, 9, 15, 12, tzinfo=UTC)
WAITING = 501013


def plain(walker: Make) -> Any:
    return walker(without=["actions"])


def deployment(fake: FakeGitHub, deployment_id: int = WAITING) -> dict[str, Any]:
    return next(row for row in fake.repository()["deployments"] if row["id"] == deployment_id)


def asked(walked: Any, what: str) -> list[str]:
    return [request for request in walked.new if what in request]


def test_a_deployment_becomes_its_row(fake: FakeGitHub, walker: Make) -> None:
    row = plain(walker).walk().row("deployments", id="501003")
    assert row == {
        "id": "501003",
        "node_id": "DE_501_3",
        "repository_id": "501",
        "sha": fake.shas["c1m"],
        "ref": "main",
        "task": "deploy",
        "environment": "production",
        "is_production": True,
        "is_transient": False,
        "creator_id": "41898282",
        "created_at": "2026-09-01T12:11:00Z",
        "updated_at": "2026-09-03T16:30:00Z",
    }


def test_statuses_tell_the_approval_gate(walker: Make) -> None:
    walked = plain(walker).walk()
    states = [row["state"] for row in walked.rows("deployment_statuses") if row["deployment_id"] == "501003"]
    assert states == ["waiting", "queued", "in_progress", "success", "inactive"]


def test_only_a_deployment_that_may_still_change_is_read_again(fake: FakeGitHub, walker: Make) -> None:
    walking = plain(walker)
    walking.walk()
    again = walking.walk()
    assert [row["id"] for row in again.rows("deployments")] == [str(WAITING)]
    assert len(asked(again, "DeploymentStatuses")) == 1
    row = deployment(fake)
    row["statuses"].append(
        {"id": "DS_new", "state": "SUCCESS", "created_at": "2026-09-15T10:00:00Z", "creator": "bob"}
    )
    row["updated_at"] = "2026-09-15T10:00:00Z"
    decided = walking.walk()
    assert decided.row("deployment_statuses", id="DS_new")["state"] == "success"
    assert decided.row("deployments", id=str(WAITING))["updated_at"] == "2026-09-15T10:00:00Z"
    assert not asked(walking.walk(), "DeploymentStatuses")


@pytest.mark.parametrize(("before", "then"), [("FAILURE", "SUCCESS"), ("SUCCESS", "INACTIVE")])
def test_a_deployment_that_changes_after_its_end_is_read_again(
    fake: FakeGitHub, walker: Make, before: str, then: str
) -> None:
    walking, row = plain(walker), deployment(fake)
    row["statuses"].append(
        {"id": "DS_end", "state": before, "created_at": "2026-09-14T10:00:00Z", "creator": "bob"}
    )
    row["updated_at"] = "2026-09-14T10:00:00Z"
    walking.walk()
    assert not asked(walking.walk(), "DeploymentStatuses")
    row["statuses"].append(
        {"id": "DS_then", "state": then, "created_at": "2026-09-15T11:00:00Z", "creator": "bob"}
    )
    row["updated_at"] = "2026-09-15T11:00:00Z"
    changed = walking.walk()
    assert changed.row("deployment_statuses", id="DS_then")["state"] == then.lower()
    assert len(changed.rows("deployments")) == 1
    assert not asked(walking.walk(), "DeploymentStatuses")


def test_after_two_weeks_without_an_end_a_deployment_is_left_alone(walker: Make) -> None:
    walking = plain(walker)
    walking.walk()
    assert asked(walking.walk(at=NOW + timedelta(days=12)), "DeploymentStatuses")
    assert asked(walking.walk(at=NOW + timedelta(days=14)), "DeploymentStatuses")
    assert not asked(walking.walk(at=NOW + timedelta(days=14, hours=1)), "DeploymentStatuses")


def test_a_deployment_that_was_deleted_is_left_out(fake: FakeGitHub, walker: Make) -> None:
    walking = plain(walker)
    walking.walk()
    fake.repository()["deployments"].remove(deployment(fake))
    assert not walking.walk().rows("deployments")


def test_new_deployments_are_read_with_their_statuses(fake: FakeGitHub, walker: Make) -> None:
    walking = plain(walker)
    walking.walk()
    new = {**copy.deepcopy(deployment(fake, 501012)), "id": 501099, "node_id": "DE_501_99"}
    new["created_at"] = new["updated_at"] = "2026-09-15T09:00:00Z"
    new["statuses"] = [{**status, "id": f"new-{status['id']}"} for status in new["statuses"]]
    fake.repository()["deployments"].append(new)
    again = walking.walk()
    assert {row["id"] for row in again.rows("deployments")} == {"501099", str(WAITING)}
    assert sum(row["deployment_id"] == "501099" for row in again.rows("deployment_statuses")) == 3


def test_three_hundred_deployments_cost_four_lists_and_three_status_queries(
    fake: FakeGitHub, walker: Make
) -> None:
    pattern = deployment(fake, 501012)
    fake.repository()["deployments"] = [
        {
            **pattern,
            "id": number,
            "node_id": f"DE_{number}",
            "statuses": [{**pattern["statuses"][0], "id": f"DS_{number}"}],
        }
        for number in range(300)
    ]
    walked = plain(walker).walk()
    assert len(walked.rows("deployments")) == 300
    assert len(walked.rows("deployment_statuses")) == 300
    assert len(asked(walked, "/deployments")) == 3
    assert len(asked(walked, "DeploymentStatuses")) == 3


def test_a_deployment_with_many_statuses_is_read_to_the_end(fake: FakeGitHub, walker: Make) -> None:
    row = deployment(fake)
    row["statuses"] = [{**row["statuses"][0], "id": f"DS_{number}"} for number in range(250)]
    walked = plain(walker).walk()
    assert sum(found["deployment_id"] == str(WAITING) for found in walked.rows("deployment_statuses")) == 250


def test_statuses_that_are_too_heavy_are_asked_for_in_halves(fake: FakeGitHub, walker: Make) -> None:
    fake.fail("502", "DeploymentStatuses", count=2)
    walked = plain(walker).walk()
    assert len(walked.rows("deployments")) == 14


def test_releases_have_the_commit_of_their_tag(fake: FakeGitHub, walker: Make) -> None:
    walked = plain(walker).walk()
    release = walked.row("releases", tag_name="v1.1.0-rc.1")
    assert (release["sha"], release["is_prerelease"], release["is_draft"]) == (fake.shas["c7m"], True, False)
    draft = walked.row("releases", tag_name="v1.2.0")
    assert (draft["sha"], draft["published_at"], draft["is_draft"]) == (None, None, True)


def test_a_release_that_was_edited_is_seen(fake: FakeGitHub, walker: Make) -> None:
    walking = plain(walker)
    walking.walk()
    fake.repository()["releases"][3].update(is_draft=False, published_at="2026-09-15T10:00:00Z")
    assert walking.walk().row("releases", tag_name="v1.2.0")["is_draft"] is False


def test_old_releases_are_not_listed_again(fake: FakeGitHub, walker: Make) -> None:
    pattern = fake.repository()["releases"][0]
    start = datetime(2020, 1, 1, tzinfo=UTC)
    fake.repository()["releases"] = [
        {**pattern, "id": day, "created_at": (start + timedelta(days=day)).strftime("%Y-%m-%dT%H:%M:%SZ")}
        for day in range(350)
    ]
    walking = plain(walker)
    assert len(asked(walking.walk(), "Releases")) == 4
    assert len(asked(walking.walk(), "Releases")) == 1


def test_activity_tells_pushes_with_their_heads(fake: FakeGitHub, walker: Make) -> None:
    walked = plain(walker).walk()
    push = walked.row("pushes", activity_type="force_push")
    assert (push["branch"], push["before_sha"], push["after_sha"]) == (
        "bob/search-box",
        fake.shas["c7a"],
        fake.shas["c7b"],
    )
    assert push["occurred_at"] == "2026-09-07T12:00:00Z"


def test_only_activity_since_the_cursor_is_kept(fake: FakeGitHub, walker: Make) -> None:
    walking = plain(walker)
    first = walking.walk()
    newest = {**fake.repository()["activity"][-1], "id": 1, "timestamp": "2026-09-15T11:00:00Z"}
    fake.repository()["activity"].append(newest)
    again = walking.walk()
    assert len(first.rows("pushes")) > 30
    assert "1" in {row["id"] for row in again.rows("pushes")}
    assert len(again.rows("pushes")) < 5


@pytest.mark.parametrize("status", ["403", "404"])
def test_activity_that_is_not_to_be_had_is_only_a_warning(
    fake: FakeGitHub, walker: Make, status: str
) -> None:
    fake.fail(status, "/activity", count=10)
    walked = plain(walker).walk()
    assert not walked.rows("pushes")
    assert any("activity" in line for line in walked.said)
    assert walked.rows("deployments")


def test_deployments_that_may_not_be_read_fail_the_walk(fake: FakeGitHub, walker: Make) -> None:
    fake.fail("403", "/deployments", count=10)
    with pytest.raises(AccessDeniedError):
        plain(walker).walk()


def test_parts_that_the_settings_leave_out_are_not_asked_for(walker: Make) -> None:
    walked = walker(without=["actions", "deployments", "releases", "activity"]).walk()
    assert not [request for request in walked.new if "PullRequests" not in request][1:]

"""Workflow runs and jobs: windows, attempts, what is asked for again, and what has expired."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from support.github import FakeGitHub

from ingestion.connectors.github import actions
from ingestion.http import AccessDeniedError, MalformedResponseError

Make = Callable[..., Any]
Facts = dict[str, Any]

STORY_RERUN = "5010037"
STORY_EXPIRED = "5010038"
STORY_UNFINISHED = "5010042"
STORY_OPEN_HEAD = "5010041"


def runs(
    fake: FakeGitHub, count: int, *, seconds_apart: int = 60, jobs: int = 0, after: str = "2026-01-01"
) -> list[Facts]:
    """Put that many finished runs into acme/checkout, by default without jobs."""
    pattern = fake.repository()["runs"][0]
    start = datetime.fromisoformat(f"{after}T00:00:00+00:00")
    made = []
    for number in range(count):
        run = copy.deepcopy(pattern)
        at = (start + timedelta(seconds=seconds_apart * number)).strftime("%Y-%m-%dT%H:%M:%SZ")
        run.update(id=1000 + number, created_at=at)
        run["attempts"][0].update(run_started_at=at, updated_at=at)
        run["attempts"][0]["jobs"] = run["attempts"][0]["jobs"][:jobs]
        made.append(run)
    fake.repository()["runs"] = made
    return made


def run_of(fake: FakeGitHub, run_id: str) -> Facts:
    return next(run for run in fake.repository()["runs"] if str(run["id"]) == run_id)


def ci_only(walker: Make) -> Any:
    return walker(without=["deployments", "releases", "activity"])


def asked(walked: Any, what: str) -> list[str]:
    return [request for request in walked.new if what in request]


def test_every_attempt_of_a_run_is_a_row(walker: Make) -> None:
    walked = ci_only(walker).walk()
    first, second = (walked.row("workflow_runs", id=f"{STORY_RERUN}:{attempt}") for attempt in (1, 2))
    assert (first["conclusion"], second["conclusion"]) == ("failure", "success")
    assert first["created_at"] == second["created_at"] == first["run_started_at"]
    assert second["run_started_at"] == "2026-09-03T09:30:00Z"
    assert (first["actor_id"], second["actor_id"]) == ("104", "102")


def test_jobs_that_a_rerun_inherits_keep_the_times_by_which_they_are_recognised(walker: Make) -> None:
    walked = ci_only(walker).walk()
    started_at = walked.row("workflow_runs", id=f"{STORY_RERUN}:2")["run_started_at"]
    jobs = {row["name"]: row for row in walked.rows("workflow_jobs") if row["run_id"] == STORY_RERUN}
    again = [
        row for row in walked.rows("workflow_jobs") if (row["run_id"], row["run_attempt"]) == (STORY_RERUN, 2)
    ]
    inherited, run_again = sorted(again, key=lambda row: str(row["name"]))
    assert inherited["started_at"] < inherited["created_at"]
    assert inherited["started_at"] < started_at
    assert run_again["started_at"] >= run_again["created_at"] >= started_at
    assert len(jobs) == 2


def test_an_expired_attempt_is_no_failure_and_the_others_are_read(walker: Make) -> None:
    walked = ci_only(walker).walk()
    attempts = [row["attempt"] for row in walked.rows("workflow_runs") if row["run_id"] == STORY_EXPIRED]
    assert attempts == [2]
    assert {row["run_attempt"] for row in walked.rows("workflow_jobs") if row["run_id"] == STORY_EXPIRED} == {
        2
    }
    assert any("expired" in line for line in walked.said)


@pytest.mark.parametrize("status", ["404", "410"])
def test_jobs_that_are_gone_are_no_failure(fake: FakeGitHub, walker: Make, status: str) -> None:
    fake.fail(status, "attempts/2/jobs", count=10)
    walked = ci_only(walker).walk()
    assert walked.row("workflow_runs", id=f"{STORY_RERUN}:2")
    assert not any(row["run_attempt"] == 2 for row in walked.rows("workflow_jobs"))


def test_a_token_without_access_to_actions_fails_and_says_so(fake: FakeGitHub, walker: Make) -> None:
    fake.fail("403", "actions/runs", count=10)
    with pytest.raises(AccessDeniedError):
        ci_only(walker).walk()


def test_steps_start_when_a_runner_took_the_job(walker: Make) -> None:
    walked = ci_only(walker).walk()
    done = walked.row("workflow_jobs", id="50100371")
    assert done["steps_started_at"].isoformat() == "2026-09-03T07:30:20+00:00"
    assert (done["setup_seconds"], done["runner_id"], done["labels"]) == (3, "7", "ubuntu-latest")
    waiting = next(
        row
        for row in walked.rows("workflow_jobs")
        if row["run_id"] == STORY_UNFINISHED and row["status"] == "queued"
    )
    assert (waiting["steps_started_at"], waiting["setup_seconds"], waiting["runner_id"]) == (None, None, "0")


def test_steps_without_a_runner_are_no_start(fake: FakeGitHub, walker: Make) -> None:
    job = run_of(fake, STORY_RERUN)["attempts"][0]["jobs"][0]
    job["runner_id"] = 0
    row = ci_only(walker).walk().row("workflow_jobs", id=str(job["id"]))
    assert (row["steps_started_at"], row["setup_seconds"]) == (None, None)


@pytest.fixture
def small_search(fake: FakeGitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    """A forge that lists 150 runs of a window instead of 1,000, so that few runs show what many would."""
    monkeypatch.setattr(actions, "SEARCH_LIMIT", 150)
    fake.search_limit = 150


@pytest.mark.usefixtures("small_search")
def test_windows_are_halved_until_all_runs_can_be_listed(fake: FakeGitHub, walker: Make) -> None:
    runs(fake, 400)
    walked = ci_only(walker).walk()
    assert len(walked.rows("workflow_runs")) == 400
    assert 5 < sum(request.endswith("/actions/runs") for request in walked.new) < 40


@pytest.mark.usefixtures("small_search")
def test_more_runs_in_one_second_than_are_listed_are_an_error_not_a_truncation(
    fake: FakeGitHub, walker: Make
) -> None:
    runs(fake, 200, seconds_apart=0)
    with pytest.raises(MalformedResponseError, match="in one second"):
        ci_only(walker).walk()


def test_without_news_no_job_is_asked_for_again(walker: Make) -> None:
    walking = ci_only(walker)
    walking.walk()
    again = walking.walk()
    assert asked(again, "/actions/") == ["GET /repos/acme/checkout/actions/runs"]
    assert not again.rows("workflow_runs")


def test_new_runs_since_the_cursor_are_read_however_many(fake: FakeGitHub, walker: Make) -> None:
    made = runs(fake, 400)
    fake.repository()["runs"] = made[:100]
    walking = ci_only(walker)
    walking.walk()
    fake.repository()["runs"] = made
    again = walking.walk()
    assert {row["run_id"] for row in again.rows("workflow_runs")} == {str(run["id"]) for run in made[100:]}


def test_only_new_attempts_of_a_known_run_are_read(fake: FakeGitHub, walker: Make) -> None:
    walking = ci_only(walker)
    walking.walk()
    run = run_of(fake, STORY_RERUN)
    third = copy.deepcopy(run["attempts"][1])
    third.update(attempt=3, updated_at="2026-09-14T20:00:00Z", run_started_at="2026-09-14T19:00:00Z")
    for number, job in enumerate(third["jobs"]):
        job["id"] = 999000 + number
    run["attempts"].append(third)
    again = walking.walk()
    assert [row["id"] for row in again.rows("workflow_runs")] == [f"{STORY_RERUN}:3"]
    assert len(asked(again, "/attempts/")) == 1


def test_an_unfinished_run_that_left_the_newest_page_is_asked_for_once(
    fake: FakeGitHub, walker: Make
) -> None:
    made = runs(fake, 300, jobs=1)
    unfinished = made[0]["attempts"][0]
    unfinished.update(status="in_progress", conclusion=None)
    walking = ci_only(walker)
    walking.walk()
    assert asked(walking.walk(), "/actions/runs/") == ["GET /repos/acme/checkout/actions/runs/1000"]
    unfinished.update(status="completed", conclusion="success", updated_at="2026-09-14T20:00:00Z")
    finished = walking.walk()
    assert finished.row("workflow_runs", run_id="1000")["conclusion"] == "success"
    assert finished.rows("workflow_jobs")
    assert not asked(walking.walk(), "/actions/runs/")


def test_an_old_run_that_an_open_pull_request_shows_to_have_run_again_is_read(
    fake: FakeGitHub, walker: Make
) -> None:
    old = run_of(fake, STORY_OPEN_HEAD)
    fake.repository()["runs"] = [*runs(fake, 150, after="2026-09-13"), old]
    walking = ci_only(walker)
    walking.walk()
    again = copy.deepcopy(old["attempts"][0])
    again.update(attempt=2, conclusion="success", updated_at="2026-09-14T20:00:00Z")
    again["jobs"] = [{**job, "id": job["id"] + 900} for job in again["jobs"]]
    old["attempts"].append(again)
    found = walking.walk()
    assert found.row("workflow_runs", id=f"{STORY_OPEN_HEAD}:2")["conclusion"] == "success"
    assert {row["run_attempt"] for row in found.rows("workflow_jobs")} == {1, 2}
    assert not asked(walking.walk(), "/actions/runs/")


def test_an_unfinished_run_that_expired_is_forgotten(fake: FakeGitHub, walker: Make) -> None:
    made = runs(fake, 300)
    made[0]["attempts"][0].update(status="in_progress", conclusion=None)
    walking = ci_only(walker)
    walking.walk()
    fake.repository()["runs"] = made[1:]
    assert asked(walking.walk(), "/actions/runs/")
    assert not asked(walking.walk(), "/actions/runs/")


def test_jobs_are_paged(fake: FakeGitHub, walker: Make) -> None:
    (run,) = runs(fake, 1, jobs=1)
    job = run["attempts"][0]["jobs"][0]
    run["attempts"][0]["jobs"] = [{**job, "id": number} for number in range(250)]
    walked = ci_only(walker).walk()
    (page,) = [page for page in walked.pages if page.table == "workflow_jobs"]
    assert len(page.rows) == 250
    assert page.parents == [("1000", 1)]


def test_a_job_listed_again_under_its_own_number_keeps_its_attempt(fake: FakeGitHub, walker: Make) -> None:
    run = run_of(fake, STORY_RERUN)
    run["attempts"][1]["jobs"][0] = {**run["attempts"][0]["jobs"][0], "run_attempt": 1}
    jobs = [row for row in ci_only(walker).walk().rows("workflow_jobs") if row["run_id"] == STORY_RERUN]
    assert sorted((row["name"], row["run_attempt"]) for row in jobs) == [
        ("lint", 1),
        ("test", 1),
        ("test", 2),
    ]


def test_since_reads_runs_again_that_did_not_change(walker: Make) -> None:
    walking = ci_only(walker)
    walking.walk()
    again = walking.walk(since=datetime(2026, 9, 1, tzinfo=UTC))
    assert len(again.rows("workflow_runs")) == 38

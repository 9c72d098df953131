"""The recorded GitLab: what is known of it by other code is what the published marts tell."""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from support.equality import Reading
from support.facts import Facts, compares, instant, measured, seconds, uncompared
from support.homes import GITLAB
from support.published import query

pytestmark = pytest.mark.replay

HOME, CONNECTION, FILE = GITLAB, "recorded-gitlab", "gitlab_project"
Changes = dict[str, dict[str, Any]]

_CUT = 1
"""The facts cut differences of milliseconds to the second; marts count between stamps cut to the second."""


@pytest.fixture(scope="module")
def changes(home: Path) -> Changes:
    rows = query(home, f"select * from marts.fct_changes where connection = '{CONNECTION}'")
    return {str(row["number"]): row for row in rows}


def told(changes: Changes, tell: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    """What each change tells, in the form in which the facts of merge requests stand."""
    return {number: {0: tell(row)} for number, row in changes.items()}


def instants(facts: Mapping[str, Mapping[int, str | None]]) -> dict[str, dict[int, datetime | None]]:
    return {number: {place: instant(text) for place, text in each.items()} for number, each in facts.items()}


STATES = {"opened": "open", "merged": "merged", "closed": "closed"}


@compares(
    FILE,
    "merge_requests.*.*.id",
    "merge_requests.*.*.state",
    "summary.mrs",
    "summary.by_state",
    "summary.iid_twice",
)
def test_every_merge_request_is_a_change_with_its_state(changes: Changes, facts: Facts, home: Path) -> None:
    assert told(changes, lambda row: row["source_id"]) == {
        number: {place: str(value) for place, value in each.items()}
        for number, each in facts("merge_requests.*.*.id").items()
    }
    assert told(changes, lambda row: row["state"]) == {
        number: {place: STATES[value] for place, value in each.items()}
        for number, each in facts("merge_requests.*.*.state").items()
    }
    rows = query(home, f"select number, state from marts.fct_changes where connection = '{CONNECTION}'")
    assert len(rows) == facts("summary.mrs")
    assert Counter(row["state"] for row in rows) == {
        STATES[state]: count for state, count in facts("summary.by_state").items()
    }
    numbers = Counter(row["number"] for row in rows)
    assert [number for number, count in numbers.items() if count > 1] == facts("summary.iid_twice")


@compares(
    FILE,
    "merge_requests.*.*.created_at",
    "merge_requests.*.*.merged_at",
    "merge_requests.*.*.first_commit_authored_at",
    "merge_requests.*.*.first_other_note_at",
    "summary.with_commits",
    "summary.with_other_note",
)
def test_milestones_are_equal(changes: Changes, facts: Facts) -> None:
    for column in ("created_at", "merged_at", "first_commit_authored_at"):
        expected = instants(facts(f"merge_requests.*.*.{column}"))
        assert told(changes, lambda row, column=column: row[column]) == expected, column
    assert told(changes, lambda row: row["first_response_at"]) == instants(
        facts("merge_requests.*.*.first_other_note_at")
    )
    counts = [
        sum(row[column] is not None for row in changes.values())
        for column in ("first_commit_authored_at", "first_response_at")
    ]
    assert counts == [facts("summary.with_commits"), facts("summary.with_other_note")]


@compares(FILE, "merge_requests.*.*.author")
def test_authors_are_equal(home: Path, changes: Changes, facts: Facts) -> None:
    names = Reading("recorded", home, CONNECTION).names()
    assert told(changes, lambda row: names[row["author_person_key"]]) == facts("merge_requests.*.*.author")


@compares(FILE, "merge_requests.*.*.id", "merge_requests.*.*.approved_note_at")
def test_approvals_that_were_recorded_years_before_their_merge_request_are_rejected_rows(
    home: Path, changes: Changes, facts: Facts
) -> None:
    # All five recorded approvals were given before the merge request that they stand on was opened.
    assert {row["first_approved_at"] for row in changes.values()} == {None}
    rows = query(
        home,
        "select row_json from marts.fct_rejected_rows "
        f"where connection = '{CONNECTION}' and rule = 'a note is not older than its merge request'",
    )
    first: dict[str, datetime] = {}
    for row in sorted((json.loads(row["row_json"]) for row in rows), key=lambda row: row["occurred_at"]):
        if row["type"] == "approved":
            first.setdefault(row["merge_request_id"], datetime.fromisoformat(row["occurred_at"]))
    ids = facts("merge_requests.*.*.id")
    approved = instants(facts("merge_requests.*.*.approved_note_at"))
    assert first == {str(ids[number][0]): each[0] for number, each in approved.items() if each[0]}


@compares(
    FILE,
    "merge_requests.*.*.time_to_merge_s",
    "summary.time_to_merge_s",
    "merge_requests.*.*.coding_time_s",
    "summary.coding_time_s",
    "merge_requests.*.*.time_to_first_note_s",
    "summary.time_to_first_note_s",
)
def test_durations_are_equal_and_impossible_ones_are_rejected_rows(
    home: Path, changes: Changes, facts: Facts
) -> None:
    merging = {number: row["created_to_merged_seconds"] for number, row in changes.items()}
    coding = {
        number: row["coding_seconds"] for number, row in changes.items() if row["coding_seconds"] is not None
    }
    impossible = query(
        home,
        "select number, started_at, ended_at from marts.fct_rejected_rows "
        "inner join marts.fct_changes on change_key = item_key "
        f"where measure = 'coding_seconds' and fct_changes.connection = '{CONNECTION}'",
    )
    for row in impossible:
        coding[str(row["number"])] = seconds(row, "started_at", "ended_at")
    answer = {number: seconds(row, "created_at", "first_response_at") for number, row in changes.items()}
    for name, taken in (
        ("time_to_merge_s", merging),
        ("coding_time_s", coding),
        ("time_to_first_note_s", answer),
    ):
        known = {number: each[0] for number, each in facts(f"merge_requests.*.*.{name}").items()}
        assert {number: taken.get(number) for number in known} == {
            number: value if value is None else pytest.approx(value, abs=_CUT)
            for number, value in known.items()
        }, name
        assert measured(taken.values(), within=_CUT) == facts(f"summary.{name}"), name
    assert {str(row["number"]) for row in impossible} == {
        number for number, row in changes.items() if row["coding_seconds_null_reason"] == "impossible"
    }


@compares(
    FILE,
    "summary.pipelines",
    "summary.pipeline_status",
    "summary.pipeline_details",
    "summary.detail_status",
    "summary.detail_duration_s",
)
def test_pipelines_have_their_status_and_duration(home: Path, facts: Facts) -> None:
    runs = query(home, f"select * from marts.fct_ci_runs where connection = '{CONNECTION}'")
    assert len(runs) == facts("summary.pipelines") + facts("summary.pipeline_details")
    words = {"running": "running", "failed": "failure", "success": "success"}
    expected = Counter(facts("summary.pipeline_status")) + Counter(facts("summary.detail_status"))
    assert Counter(run["conclusion"] for run in runs) == {
        words[status]: count for status, count in expected.items()
    }
    busy = [run["busy_seconds"] for run in runs if run["busy_seconds"] is not None]
    assert measured(busy) == facts("summary.detail_duration_s")


@compares(FILE, "summary.jobs_project_44", "summary.job_status", "summary.job_duration_s")
def test_jobs_have_their_status_and_duration(home: Path, facts: Facts) -> None:
    jobs = query(home, f"select * from marts.fct_ci_jobs where connection = '{CONNECTION}'")
    words = {
        "failed": ("failure", "infrastructure_failure"),
        "success": ("success",),
        "canceled": ("cancelled",),
    }
    ended = Counter(job["conclusion"] for job in jobs)
    assert {status: sum(ended[word] for word in known) for status, known in words.items()} == facts(
        "summary.job_status"
    )
    assert len(jobs) == facts("summary.jobs_project_44")
    taken = [job["run_seconds"] for job in jobs if job["run_seconds"] is not None]
    assert measured(taken, within=_CUT) == facts("summary.job_duration_s")


@compares(FILE, "summary.deployments", "summary.deployment_status")
def test_deployments_have_their_status(home: Path, facts: Facts) -> None:
    words = {
        "success": "success",
        "completed": "success",
        "failed": "failure",
        "canceled": "cancelled",
        "undeployed": "cancelled",
        "created": "queued",
        "running": "in_progress",
        "blocked": "waiting",
    }
    expected: Counter[str] = Counter()
    for status, count in facts("summary.deployment_status").items():
        expected[words[status]] += count
    rows = query(home, f"select status from marts.fct_deployments where connection = '{CONNECTION}'")
    assert Counter(row["status"] for row in rows) == expected
    assert len(rows) == facts("summary.deployments")


def test_no_recorded_fact_is_left_out(expected: Path) -> None:
    assert uncompared(expected, FILE, {}) == set()

"""GitLab in the published marts: equal to GitHub over one organisation, and to what the recordings tell.

One run reads the simulated organisation as GitHub and as GitLab, and the recorded GitLab where it is at hand.
"""

import json
import statistics
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.command import flowgauge
from support.equality import MARTS, Comparison
from support.published import query
from support.replay import Replay, replay_folder, running_replay

from sandbox.scenario import Size, load_scenario
from sandbox.serve import Sandbox
from sandbox.simulation import simulate
from sandbox.vendor import TOKEN, TOKEN_VARIABLE

GITHUB, GITLAB, RECORDED = "acme-github", "acme-gitlab", "recorded"
PROJECT, OF_JOBS = "gitlab-data/snowflake_spend", "merico/pip_test"


@dataclass(frozen=True)
class Published:
    """A finished run, and the recordings if there are any."""

    home: Path
    replay: Replay | None


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    folder = tmp_path_factory.mktemp("gitlab")
    simulation = simulate(
        load_scenario("balanced"), Size(teams=4, developers_per_team=3), size_name="small", weeks=8
    )
    sandbox = Sandbox(simulation, folder, vendor_names=("github", "gitlab"))
    sandbox.write_files()
    with ExitStack() as stack:
        sandbox.start()
        stack.callback(sandbox.stop)
        replay = _recordings(stack, folder)
        settings = yaml.safe_load((folder / "flowgauge.yaml").read_text(encoding="utf-8"))
        if replay:
            settings["connections"].append(
                {
                    "name": RECORDED,
                    "connector": "gitlab",
                    "base_url": replay.gitlab_url,
                    "token": "${REPLAY_TOKEN}",
                    "projects": [PROJECT, OF_JOBS],
                    "clone": False,
                }
            )
        (folder / "flowgauge.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
        tokens = {TOKEN_VARIABLE: TOKEN, "REPLAY_TOKEN": replay.token if replay else ""}
        outcome = flowgauge("run", cwd=folder, environment=tokens, seconds=900)
        assert outcome.returncode == 0, outcome.stdout + outcome.stderr
        yield Published(folder / ".flowgauge", replay)


def _recordings(stack: ExitStack, folder: Path) -> Replay | None:
    try:
        place = replay_folder()
    except pytest.skip.Exception:
        return None
    return stack.enter_context(running_replay(place, folder / "no-schema-is-needed"))


# One organisation, read twice.

_NO_TEAMS = "GitLab asks persons for reviews, never teams"
_TIES = "of several persons who are asked in one second, the vendor's own ids say who comes first"
_APPROVER = "GitHub does not tell who decided at a gate"
_NO_TRACKER = "GitLab's issues are its tickets; the tracker beside GitHub is not read here"
_STARTS = "a GitHub run starts when it is asked for, a GitLab pipeline with its first job"
_STEPS = "GitHub tells the steps of a job, GitLab when a runner took it"
_ALLOWED = "GitLab's pipeline succeeds where only jobs failed that may fail"
_DRAFTS = "GitLab has no draft releases; their tags stand alone"
_WORDS = "the vendor's own words"

CAUSES: dict[tuple[str, str], str] = {
    ("fct_changes", "work_item_key"): _NO_TRACKER,
    ("fct_changes", "work_item_key_null_reason"): _NO_TRACKER,
    ("fct_changes", "first_review_requested_at"): _NO_TEAMS,
    ("fct_changes", "assistant_key"): "agents are known by the names that they bear at GitHub",
    ("fct_stage_visits", "person_key"): f"{_NO_TEAMS}; {_TIES}",
    ("fct_handoffs", "to_person_key"): _APPROVER,
    ("fct_review_requests", f"only {GITHUB}"): _NO_TEAMS,
    ("fct_ci_runs", "branch"): "a merge train has a ref of its own, not a branch",
    ("fct_ci_runs", "trigger"): _WORDS,
    ("fct_ci_runs", "started_at"): _STARTS,
    ("fct_ci_runs", "queue_seconds"): _STARTS,
    ("fct_ci_runs", "run_seconds"): _STARTS,
    ("fct_ci_runs", "busy_seconds"): "GitHub does not say it",
    ("fct_ci_runs", "conclusion"): _ALLOWED,
    ("fct_ci_runs", "failure_class"): _ALLOWED,
    ("fct_ci_jobs", "is_required"): "GitHub names required checks in the rules of the branch",
    ("fct_ci_jobs", "branch"): "a merge train has a ref of its own, not a branch",
    ("fct_ci_jobs", "started_at"): _STEPS,
    ("fct_ci_jobs", "queue_seconds"): _STEPS,
    ("fct_ci_jobs", "run_seconds"): _STEPS,
    ("fct_ci_jobs", "setup_seconds"): _STEPS,
    ("fct_ci_jobs", "setup_seconds_null_reason"): _STEPS,
    ("fct_commits", "author_person_key"): "GitLab's users show their addresses, GitHub's may not",
    ("fct_releases", "is_prerelease"): "GitLab does not mark releases as not for general use",
    ("fct_releases", "published_at"): _DRAFTS,
    ("fct_releases", "is_draft"): _DRAFTS,
    ("fct_releases", "is_bare_tag"): _DRAFTS,
}


@pytest.fixture(scope="module")
def comparison(published: Published) -> Comparison:
    return Comparison(published.home)


@pytest.mark.parametrize("mart", MARTS, ids=lambda mart: mart.name)
def test_marts_read_as_github_and_as_gitlab_differ_only_where_a_cause_is_known(
    comparison: Comparison, mart: Any
) -> None:
    assert comparison.rows(mart, GITHUB)
    differences = {(each.mart, each.column): each for each in comparison.differences(mart, GITHUB, GITLAB)}
    unknown = [each for place, each in differences.items() if place not in CAUSES]
    assert unknown == []
    vanished = {place for place in CAUSES if place[0] == mart.name} - differences.keys()
    assert vanished == set(), "no longer differ: strike them from the list"


def test_the_comparison_finds_a_value_that_differs_and_a_row_that_only_one_has(
    comparison: Comparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    (changes,) = (mart for mart in MARTS if mart.name == "fct_changes")
    there = comparison.rows(changes, GITLAB)
    moved, lost = sorted(there)[:2]
    bent = {key: dict(row) for key, row in there.items() if key != lost}
    bent[moved]["created_at"] = None
    rows = {GITHUB: there, GITLAB: bent}
    monkeypatch.setattr(comparison, "rows", lambda _mart, connection: rows[connection])
    found = [(each.column, each.count) for each in comparison.differences(changes, GITHUB, GITLAB)]
    assert found == [(f"only {GITHUB}", 1), ("created_at", 1)]


# What was recorded.


@pytest.fixture(scope="module")
def recorded(published: Published) -> dict[str, Any]:
    if published.replay is None:
        pytest.skip("there is no ../shared beside the checkout")
    path = published.replay.expected / "gitlab_project.json"
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


@pytest.fixture(scope="module")
def facts(recorded: dict[str, Any]) -> dict[int, dict[str, Any]]:
    """Expected facts of merge requests by their number."""
    return {int(number): fact for number, (fact,) in recorded["merge_requests"].items()}


@pytest.fixture(scope="module")
def changes(published: Published, recorded: dict[str, Any]) -> dict[int, dict[str, Any]]:
    assert recorded
    rows = query(published.home, f"select * from marts.fct_changes where connection = '{RECORDED}'")
    return {row["number"]: row for row in rows}


_CUT = 1
"""The facts cut differences of milliseconds to the second; marts count between stamps cut to the second."""


def instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text).replace(tzinfo=None) if text else None


@pytest.mark.replay
def test_every_recorded_merge_request_is_a_change_with_its_state(
    changes: dict[int, dict[str, Any]], facts: dict[int, dict[str, Any]], recorded: dict[str, Any]
) -> None:
    words = {"opened": "open", "merged": "merged", "closed": "closed"}
    assert {number: (row["source_id"], row["state"]) for number, row in changes.items()} == {
        number: (str(fact["id"]), words[fact["state"]]) for number, fact in facts.items()
    }
    states = Counter(row["state"] for row in changes.values())
    assert states == {words[state]: count for state, count in recorded["summary"]["by_state"].items()}


@pytest.mark.replay
@pytest.mark.parametrize(
    ("column", "fact"),
    [
        ("created_at", "created_at"),
        ("merged_at", "merged_at"),
        ("first_commit_authored_at", "first_commit_authored_at"),
        ("first_response_at", "first_other_note_at"),
    ],
)
def test_recorded_milestones_are_equal(
    changes: dict[int, dict[str, Any]], facts: dict[int, dict[str, Any]], column: str, fact: str
) -> None:
    assert {number: row[column] for number, row in changes.items()} == {
        number: instant(each[fact]) for number, each in facts.items()
    }


@pytest.mark.replay
def test_recorded_authors_are_equal(
    published: Published, changes: dict[int, dict[str, Any]], facts: dict[int, dict[str, Any]]
) -> None:
    names = Comparison(published.home).names()
    assert {number: names[row["author_person_key"]] for number, row in changes.items()} == {
        number: each["author"] for number, each in facts.items()
    }


@pytest.mark.replay
def test_approvals_that_were_recorded_years_before_their_merge_request_are_rejected_rows(
    published: Published, changes: dict[int, dict[str, Any]], facts: dict[int, dict[str, Any]]
) -> None:
    # All five recorded approvals were given before the merge request that they stand on was opened.
    assert {row["first_approved_at"] for row in changes.values()} == {None}
    rows = query(
        published.home,
        "select row_json from marts.fct_rejected_rows "
        f"where connection = '{RECORDED}' and rule = 'a note is not older than its merge request'",
    )
    first: dict[str, datetime] = {}
    for row in sorted((json.loads(row["row_json"]) for row in rows), key=lambda row: row["occurred_at"]):
        if row["type"] == "approved":
            first.setdefault(row["merge_request_id"], datetime.fromisoformat(row["occurred_at"]))
    approved = {str(fact["id"]): instant(fact["approved_note_at"]) for fact in facts.values()}
    assert first == {number: at for number, at in approved.items() if at}


@pytest.mark.replay
def test_recorded_durations_are_equal_and_impossible_ones_are_rejected_rows(
    published: Published,
    changes: dict[int, dict[str, Any]],
    facts: dict[int, dict[str, Any]],
    recorded: dict[str, Any],
) -> None:
    taken = {n: row["created_to_merged_seconds"] for n, row in changes.items() if row["merged_at"]}
    assert taken == {
        number: pytest.approx(fact["time_to_merge_s"], abs=_CUT)
        for number, fact in facts.items()
        if fact["merged_at"]
    }
    summary = recorded["summary"]["time_to_merge_s"]
    assert len(taken) == summary["n"]
    assert statistics.median(taken.values()) == pytest.approx(summary["median"], abs=_CUT)
    coding = {number: fact["coding_time_s"] for number, fact in facts.items()}
    assert {n: row["coding_seconds"] for n, row in changes.items() if row["coding_seconds"] is not None} == {
        number: pytest.approx(seconds, abs=_CUT)
        for number, seconds in coding.items()
        if seconds is not None and seconds >= 0
    }
    impossible = query(
        published.home,
        "select number, started_at, ended_at from marts.fct_rejected_rows "
        "inner join marts.fct_changes on change_key = item_key "
        f"where measure = 'coding_seconds' and fct_changes.connection = '{RECORDED}'",
    )
    taken = {row["number"]: (row["ended_at"] - row["started_at"]).total_seconds() for row in impossible}
    assert taken == {
        number: pytest.approx(seconds, abs=_CUT)
        for number, seconds in coding.items()
        if seconds is not None and seconds < 0
    }
    response = [
        (row["first_response_at"] - row["created_at"]).total_seconds()
        for row in changes.values()
        if row["first_response_at"]
    ]
    summary = recorded["summary"]["time_to_first_note_s"]
    assert len(response) == summary["n"]
    assert statistics.median(response) == pytest.approx(summary["median"], abs=_CUT)


@pytest.mark.replay
def test_recorded_pipelines_have_their_status_and_duration(
    published: Published, recorded: dict[str, Any]
) -> None:
    summary = recorded["summary"]
    runs = query(published.home, f"select * from marts.fct_ci_runs where connection = '{RECORDED}'")
    assert len(runs) == summary["pipelines"] + summary["pipeline_details"]
    words = {"running": "running", "failed": "failure", "success": "success"}
    expected = Counter(summary["pipeline_status"]) + Counter(summary["detail_status"])
    assert Counter(run["conclusion"] for run in runs) == {
        words[status]: count for status, count in expected.items()
    }
    busy = [run["busy_seconds"] for run in runs if run["busy_seconds"] is not None]
    durations = summary["detail_duration_s"]
    assert (len(busy), statistics.median(busy)) == (durations["n"], durations["median"])
    assert round(statistics.mean(busy), 1) == durations["mean"]


@pytest.mark.replay
def test_recorded_jobs_have_their_status_and_duration(published: Published, recorded: dict[str, Any]) -> None:
    summary = recorded["summary"]
    jobs = query(published.home, f"select * from marts.fct_ci_jobs where connection = '{RECORDED}'")
    words = {
        "failed": ("failure", "infrastructure_failure"),
        "success": ("success",),
        "canceled": ("cancelled",),
    }
    ended = Counter(job["conclusion"] for job in jobs)
    assert {status: sum(ended[word] for word in known) for status, known in words.items()} == summary[
        "job_status"
    ]
    assert len(jobs) == summary["jobs_project_44"]
    durations = summary["job_duration_s"]
    taken = [job["run_seconds"] for job in jobs if job["run_seconds"] is not None]
    assert len(taken) == durations["n"]
    assert statistics.median(taken) == pytest.approx(durations["median"], abs=_CUT)
    assert statistics.mean(taken) == pytest.approx(durations["mean"], abs=_CUT)


@pytest.mark.replay
def test_recorded_deployments_have_their_status(published: Published, recorded: dict[str, Any]) -> None:
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
    for status, count in recorded["summary"]["deployment_status"].items():
        expected[words[status]] += count
    rows = query(published.home, f"select status from marts.fct_deployments where connection = '{RECORDED}'")
    assert Counter(row["status"] for row in rows) == expected
    assert len(rows) == recorded["summary"]["deployments"]

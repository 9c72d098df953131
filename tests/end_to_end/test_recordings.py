"""The recordings' own facts against what a run makes of them: pull requests, workflow runs, Jira's issues."""

import json
import statistics
from collections import Counter, defaultdict
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
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
    issues: true
  - name: recorded-jira
    connector: jira
    base_url: {jira_url}
    email: reader@example.invalid
    token: ${{GITHUB_TOKEN}}
    projects: [EE, K5]
    time_zone: UTC
    without: [boards]
bots: [golangcibot]
"""


@pytest.fixture(scope="module")
def home(replay: Replay, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recordings")
    settings = SETTINGS.format(url=replay.github_url, jira_url=replay.jira_url)
    (folder / "flowgauge.yaml").write_text(settings, encoding="utf-8")
    outcome = flowgauge("run", cwd=folder, environment={"GITHUB_TOKEN": replay.token}, seconds=900)
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


def test_every_github_issue_is_a_ticket_and_no_pull_request_is_one(home: Path, replay: Replay) -> None:
    recorded = facts(replay, "github_ants_issues")
    tickets = query(
        home,
        "select * from marts.fct_work_items join marts.dim_work_item using (work_item_key) "
        "where fct_work_items.connection = 'ants'",
    )
    assert len(tickets) == recorded["true_issues"] == recorded["listed"] - recorded["of_which_pulls"]
    assert Counter(STATES[ticket["state"]] for ticket in tickets) == recorded["true_by_state"]
    taken = [
        (ticket["done_at"] - ticket["created_at"]).total_seconds() for ticket in tickets if ticket["done_at"]
    ]
    summary = recorded["time_to_close_s"]
    assert (len(taken), statistics.median(taken)) == (summary["n"], summary["median"])
    assert round(statistics.mean(taken), 1) == summary["mean"]
    changes = query(home, "select number from marts.fct_changes where connection = 'ants'")
    numbers = {int(ticket["name"].rpartition("#")[2]) for ticket in tickets}
    assert numbers.isdisjoint(row["number"] for row in changes)


STATES = {"open": "open", "done": "closed", "rejected": "closed"}
CATEGORIES = {"new": "todo", "indeterminate": "in_progress", "done": "done"}


@pytest.fixture(scope="module")
def issues(replay: Replay) -> dict[str, dict[str, Any]]:
    recorded: dict[str, dict[str, Any]] = facts(replay, "jira_issues")["issues"]
    return recorded


def canonical(home: Path, sql: str) -> list[dict[str, Any]]:
    """Rows of a query on the warehouse that the run built in."""
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as connection:
        cursor = connection.execute(sql)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@pytest.fixture(scope="module")
def statuses(home: Path) -> dict[str, list[dict[str, Any]]]:
    """What became of each issue's status, by key, its creation first."""
    rows = canonical(
        home,
        "select key, events.* from canonical.work_item_events as events join canonical.work_items as items "
        "on events.connection = items.connection and work_item = items.source_id "
        "where field in ('created', 'status') and items.connector = 'jira' "
        "order by occurred_at, field = 'status', events.source_id",
    )
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        found[row["key"]].append(row)
    return found


def test_every_issue_is_a_work_item_with_its_status_and_dates(
    home: Path, issues: dict[str, dict[str, Any]]
) -> None:
    rows = {
        row["key"]: row
        for row in canonical(home, "select * from canonical.work_items where connector = 'jira'")
    }
    assert {
        key: (row["created_at"], row["resolved_at"], row["status_name"], row["status_category"])
        for key, row in rows.items()
    } == {
        key: (
            instant(issue["created"]),
            instant(issue["resolved"]),
            issue["status"],
            CATEGORIES[issue["category"]],
        )
        for key, issue in issues.items()
    }
    assert {
        key: int((row["resolved_at"] - row["created_at"]).total_seconds() // 60)
        if row["resolved_at"]
        else None
        for key, row in rows.items()
    } == {key: issue["lead_time_min"] for key, issue in issues.items()}
    assert {key: row["resolution"] is None for key, row in rows.items()} == {
        key: issue["resolved"] is None for key, issue in issues.items()
    }


def test_every_issue_is_a_published_ticket_that_ends_when_its_status_does(
    home: Path, issues: dict[str, dict[str, Any]]
) -> None:
    tickets = query(
        home,
        "select * from marts.fct_work_items join marts.dim_work_item using (work_item_key) "
        "where fct_work_items.connection = 'recorded-jira'",
    )
    rows = {ticket["name"]: ticket for ticket in tickets}
    assert {key: (row["created_at"], row["state"] == "open") for key, row in rows.items()} == {
        # One status was recorded with two categories: whether an issue ended is told by its resolution.
        key: (instant(issue["created"]), issue["resolved"] is None)
        for key, issue in issues.items()
    }
    worked = {}
    for key, row in rows.items():
        if ended_at := row["done_at"] or row["rejected_at"]:
            worked[key] = (ended_at - row["created_at"]).total_seconds() - row["closed_seconds"]
    ended = {key: issue for key, issue in issues.items() if issue["resolved"]}
    assert worked.keys() == ended.keys()
    for key, issue in ended.items():
        spent = dict(issue["seconds_in_status_until_last_move"])
        spent.pop("Closed", None)
        # Statuses that this Jira no longer has belong to what was before them: to the work or to the end.
        unknown = spent.pop("Resolved", 0) + spent.pop("To Do", 0)
        # The facts cut the length of each stay to seconds.
        least, most = sum(spent.values()), sum(spent.values()) + unknown + issue["moves"]
        assert least <= worked[key] <= most, key


def test_every_move_of_an_issue_is_an_event_and_the_last_one_leads_to_its_status(
    statuses: dict[str, list[dict[str, Any]]], issues: dict[str, dict[str, Any]]
) -> None:
    assert {key: len(rows) - 1 for key, rows in statuses.items()} == {
        key: issue["moves"] for key, issue in issues.items()
    }
    assert {
        key: (rows[-1]["to_name"], rows[-1]["occurred_at"]) for key, rows in statuses.items() if len(rows) > 1
    } == {
        key: (issue["last_status"], instant(issue["last_status_since"]))
        for key, issue in issues.items()
        if issue["moves"]
    }
    assert all(issue["current_equals_last_move"] for issue in issues.values() if issue["moves"])
    breaks = {
        key: sum(before["to_name"] != after["from_name"] for before, after in pairwise(rows))
        for key, rows in statuses.items()
    }
    assert breaks == {key: issue["chain_breaks"] for key, issue in issues.items()}


def test_seconds_in_each_status_are_equal_but_for_the_recorded_fractions(
    statuses: dict[str, list[dict[str, Any]]], issues: dict[str, dict[str, Any]]
) -> None:
    """The facts cut the length of each stay to seconds, we cut instants: each stay may be a second longer."""
    for key, rows in statuses.items():
        spent: dict[str, int] = defaultdict(int)
        stays: dict[str, int] = defaultdict(int)
        for before, after in pairwise(rows):
            spent[before["to_name"]] += int((after["occurred_at"] - before["occurred_at"]).total_seconds())
            stays[before["to_name"]] += 1
        recorded = issues[key]["seconds_in_status_until_last_move"]
        assert spent.keys() == recorded.keys()
        assert all(0 <= spent[name] - recorded[name] <= stays[name] for name in spent), key

"""The recorded Jira: what is known of it by other code is what a run makes of it.

Marts tell stages, not statuses: what is known of single statuses is compared with the canonical events that
the stages are made of, whatever ends or begins a ticket with the published marts.
"""

from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pytest
from support.facts import Facts, compares, instant, measured, seconds, uncompared
from support.homes import GITLAB
from support.published import query

pytestmark = pytest.mark.replay

HOME, CONNECTION, FILE = GITLAB, "recorded-jira", "jira_issues"
CATEGORIES = {"new": "todo", "indeterminate": "in_progress", "done": "done"}
Statuses = dict[str, list[dict[str, Any]]]

_OTHER_TOOL = "is what another tool makes of it"
_WALK = "tells how the change log was read, which is the connector's own test"
UNTOLD = {
    "issues.*.histories": _WALK,
    "issues.*.total_says": _WALK,
    "summary.truncated_changelogs": _WALK,
    "summary.changelog_endpoint": "change logs of issues that were not recorded themselves",
    "issues.*.devlake_lead_time_min": _OTHER_TOOL,
    "issues.*.devlake_resolved": _OTHER_TOOL,
    "issues.*.devlake_status": _OTHER_TOOL,
    "summary.lead_time_differs_from_devlake": _OTHER_TOOL,
}


def canonical(home: Path, sql: str) -> list[dict[str, Any]]:
    """Rows of a query on the warehouse that the run built in."""
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as connection:
        cursor = connection.execute(sql)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@pytest.fixture(scope="module")
def statuses(home: Path) -> Statuses:
    """What became of each issue's status, by key, its creation first."""
    rows = canonical(
        home,
        "select key, events.* from canonical.work_item_events as events join canonical.work_items as items "
        "on events.connection = items.connection and work_item = items.source_id "
        f"where field in ('created', 'status') and items.connection = '{CONNECTION}' "
        "order by occurred_at, field = 'status', events.source_id",
    )
    found: Statuses = defaultdict(list)
    for row in rows:
        found[row["key"]].append(row)
    return found


@compares(
    FILE,
    "issues.*.created",
    "issues.*.resolved",
    "issues.*.status",
    "issues.*.category",
    "issues.*.lead_time_min",
    "summary.lead_time_min",
    "summary.issues",
)
def test_every_issue_is_a_work_item_with_its_status_and_dates(home: Path, facts: Facts) -> None:
    found = canonical(home, f"select * from canonical.work_items where connection = '{CONNECTION}'")
    rows = {row["key"]: row for row in found}
    assert len(found) == len(rows) == facts("summary.issues")
    for column, fact, value in (
        ("created_at", "created", instant),
        ("resolved_at", "resolved", instant),
        ("status_name", "status", str),
        ("status_category", "category", CATEGORIES.get),
    ):
        known = {key: value(each) for key, each in facts(f"issues.*.{fact}").items()}
        assert {key: row[column] for key, row in rows.items()} == known, fact
    resolved = facts("issues.*.resolved")
    assert {key: row["resolution"] is None for key, row in rows.items()} == {
        key: at is None for key, at in resolved.items()
    }
    taken = {key: seconds(row, "created_at", "resolved_at") for key, row in rows.items()}
    minutes = {key: None if each is None else int(each // 60) for key, each in taken.items()}
    assert minutes == facts("issues.*.lead_time_min")
    assert measured(minutes.values()) == facts("summary.lead_time_min")


@compares(
    FILE,
    "issues.*.created",
    "issues.*.resolved",
    "issues.*.moves",
    "issues.*.seconds_in_status_until_last_move",
)
def test_every_issue_is_a_published_ticket_that_ends_when_its_status_does(home: Path, facts: Facts) -> None:
    tickets = query(
        home,
        "select * from marts.fct_work_items join marts.dim_work_item using (work_item_key) "
        f"where fct_work_items.connection = '{CONNECTION}'",
    )
    rows = {ticket["name"]: ticket for ticket in tickets}
    created, resolved = facts("issues.*.created"), facts("issues.*.resolved")
    assert {key: (row["created_at"], row["state"] == "open") for key, row in rows.items()} == {
        # One status was recorded with two categories: whether an issue ended is told by its resolution.
        key: (instant(created[key]), resolved[key] is None)
        for key in created
    }
    worked = {}
    for key, row in rows.items():
        if ended_at := row["done_at"] or row["rejected_at"]:
            worked[key] = (ended_at - row["created_at"]).total_seconds() - row["closed_seconds"]
    assert worked.keys() == {key for key, at in resolved.items() if at}
    moves, stays = facts("issues.*.moves"), facts("issues.*.seconds_in_status_until_last_move")
    for key, taken in worked.items():
        spent = {status: each for status, each in stays[key].items() if status != "Closed"}
        # Statuses that this Jira no longer has belong to what was before them: to the work or to the end.
        unknown = spent.pop("Resolved", 0) + spent.pop("To Do", 0)
        # The facts cut the length of each stay to seconds.
        assert sum(spent.values()) <= taken <= sum(spent.values()) + unknown + moves[key], key


@compares(
    FILE,
    "issues.*.moves",
    "issues.*.last_status",
    "issues.*.last_status_since",
    "issues.*.current_equals_last_move",
    "issues.*.chain_breaks",
    "summary.status_moves",
    "summary.chain_breaks",
    "summary.current_differs_from_last_move",
)
def test_every_move_of_an_issue_is_an_event_and_the_last_one_leads_to_its_status(
    home: Path, statuses: Statuses, facts: Facts
) -> None:
    moves = {key: len(rows) - 1 for key, rows in statuses.items()}
    assert moves == facts("issues.*.moves")
    assert sum(moves.values()) == facts("summary.status_moves")
    moved = {key: rows[-1] for key, rows in statuses.items() if moves[key]}
    last, since = facts("issues.*.last_status"), facts("issues.*.last_status_since")
    assert {key: (row["to_name"], row["occurred_at"]) for key, row in moved.items()} == {
        key: (last[key], instant(since[key])) for key in moved
    }
    items = canonical(home, f"select * from canonical.work_items where connection = '{CONNECTION}'")
    stands = {row["key"]: row["status_name"] for row in items}
    is_equal = {key: row["to_name"] == stands[key] for key, row in moved.items()}
    known = facts("issues.*.current_equals_last_move")
    assert is_equal == {key: known[key] for key in moved}
    assert [key for key, each in is_equal.items() if not each] == facts(
        "summary.current_differs_from_last_move"
    )
    breaks = {
        key: sum(before["to_name"] != after["from_name"] for before, after in pairwise(rows))
        for key, rows in statuses.items()
    }
    assert breaks == facts("issues.*.chain_breaks")
    assert {key: count for key, count in breaks.items() if count} == facts("summary.chain_breaks")


@compares(FILE, "issues.*.seconds_in_status_until_last_move", "summary.total_seconds_in_status")
def test_seconds_in_each_status_are_equal_but_for_the_recorded_fractions(
    statuses: Statuses, facts: Facts
) -> None:
    """The facts cut the length of each stay to seconds, we cut instants: each stay may be a second longer."""
    recorded = facts("issues.*.seconds_in_status_until_last_move")
    all_spent: Counter[str] = Counter()
    all_stays: Counter[str] = Counter()
    for key, rows in statuses.items():
        spent: Counter[str] = Counter()
        stays: Counter[str] = Counter()
        for before, after in pairwise(rows):
            spent[before["to_name"]] += int((after["occurred_at"] - before["occurred_at"]).total_seconds())
            stays[before["to_name"]] += 1
        assert spent.keys() == recorded[key].keys()
        assert all(0 <= spent[name] - recorded[key][name] <= stays[name] for name in spent), key
        all_spent.update(spent)
        all_stays.update(stays)
    totals = facts("summary.total_seconds_in_status")
    assert all_spent.keys() == totals.keys()
    assert all(0 <= all_spent[name] - totals[name] <= all_stays[name] for name in totals)


def test_no_recorded_fact_is_left_out(expected: Path) -> None:
    assert uncompared(expected, FILE, UNTOLD) == set()

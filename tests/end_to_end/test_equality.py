"""One organisation, read as GitHub with Jira and as GitLab: the published marts tell the same.

A value may differ only where a cause is known in what the vendors tell, and only in rows of which that can be
the cause.
"""

from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from support.equality import EMPTY, MARTS, UNCOMPARED, Difference, Event, Mart, Reading, differences, summary
from support.homes import GITHUB, GITLAB

from ingestion.connector import connectors

Row = dict[str, Any]
Rows = dict[tuple[Any, ...], Row]
Holds = Callable[[Difference, Row, Row], bool]

FIRST, SECOND = "GitHub and Jira", "GitLab"


class Cause(NamedTuple):
    """Why values may differ, and for which: told from the difference and its rows in both readings."""

    text: str
    holds: Holds


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> Reading:
    return Reading(SECOND, GITLAB.built(tmp_path_factory), "acme-gitlab")


# Asked for last: another worker, which began with what was recorded of GitHub, is at work on its home.
@pytest.fixture(scope="module")
def first(second: Reading, tmp_path_factory: pytest.TempPathFactory) -> Reading:
    assert second
    return Reading(FIRST, GITHUB.built(tmp_path_factory), "acme-github", "acme-jira")


def rows_of(reading: Reading, name: str) -> Rows:
    return reading.rows(next(mart for mart in MARTS if mart.name == name))


@pytest.fixture(scope="module")
def asked_of_teams(first: Reading) -> set[str]:
    """Changes of which a team was asked to review them."""
    return {row["change_key"] for row in rows_of(first, "fct_review_requests").values() if row["asked_team"]}


@pytest.fixture(scope="module")
def asked_at_once(first: Reading) -> set[str]:
    """Changes of which several persons were asked in one second."""
    asked = Counter(
        (row["change_key"], row["asked_at"])
        for row in rows_of(first, "fct_review_requests").values()
        if not row["asked_team"]
    )
    return {change for (change, _), count in asked.items() if count > 1}


@pytest.fixture(scope="module")
def moved_at_once(first: Reading) -> set[str]:
    """Tickets that were moved twice in one second."""
    moves = Counter(
        (event.thing, event.occurred_at) for event in first.events("work_item_events", {"status"}).elements()
    )
    return {ticket for (ticket, _), count in moves.items() if count > 1}


@pytest.fixture(scope="module")
def rejected(first: Reading) -> set[str]:
    """Tickets that were rejected."""
    return {row["work_item_key"] for row in rows_of(first, "fct_work_items").values() if row["rejected_at"]}


@pytest.fixture(scope="module")
def allowed(first: Reading) -> set[str]:
    """Runs in which a job did not succeed that need not."""
    failed: dict[str, set[str]] = {}
    for row in rows_of(first, "fct_ci_jobs").values():
        if row["conclusion"] != "success":
            failed.setdefault(row["ci_run_key"], set()).add(row["name"])
    return {run for run, names in failed.items() if names & OPTIONAL_JOBS}


OPTIONAL_JOBS = {"preview"}
QUEUE, TRAIN = "gh-readonly-queue/", "refs/merge-requests/"


def always(_difference: Difference, _ours: Row, _theirs: Row) -> bool:
    return True


def untold_here(difference: Difference, _ours: Row, _theirs: Row) -> bool:
    return difference.ours in (None, "unknown")


def untold_there(difference: Difference, _ours: Row, _theirs: Row) -> bool:
    return difference.theirs in (None, "unknown")


def is_of_train(difference: Difference, _ours: Row, _theirs: Row) -> bool:
    return difference.ours.startswith(QUEUE) and difference.theirs.startswith(TRAIN)


def is_draft(_difference: Difference, ours: Row, _theirs: Row) -> bool:
    return bool(ours["is_draft"])


ONE_STEP = "labels that come and go within a second are one step, of whoever made the last"


def review_causes(
    asked_of_teams: set[str], asked_at_once: set[str], moved_at_once: set[str]
) -> dict[tuple[str, str], Cause]:
    no_teams = "GitLab asks persons for reviews, never teams"
    return {
        ("fct_changes", "first_review_requested_at"): Cause(
            no_teams, lambda _, ours, __: f"{ours['repository_key']}#{ours['number']}" in asked_of_teams
        ),
        ("fct_review_requests", f"only {FIRST}"): Cause(
            no_teams, lambda _, ours, __: bool(ours["asked_team"])
        ),
        ("fct_handoffs", f"only {FIRST}"): Cause(
            f"{no_teams}; {ONE_STEP}",
            lambda _, ours, __: (
                ours["flow_item_key"]
                in (asked_of_teams if ours["mechanism"] == "review_request" else moved_at_once)
            ),
        ),
        ("fct_handoffs", "from_person_key"): Cause(
            ONE_STEP, lambda _, ours, __: ours["flow_item_key"] in moved_at_once
        ),
        ("fct_stage_visits", "person_key"): Cause(
            f"{no_teams}; of several persons who are asked at once the vendor's ids say who comes first",
            lambda _, ours, __: ours["flow_item_key"] in asked_of_teams | asked_at_once,
        ),
        ("fct_handoffs", "to_person_key"): Cause(
            "GitHub does not tell who decided at a gate",
            lambda each, ours, theirs: (
                ours["mechanism"] == "approval_gate" and untold_here(each, ours, theirs)
            ),
        ),
        ("fct_changes", "assistant_key"): Cause(
            "agents are known by the names that they bear at GitHub", untold_there
        ),
    }


def ticket_causes(rejected: set[str]) -> dict[tuple[str, str], Cause]:
    closing = Cause(
        "GitLab does not tell what for an issue was closed: each counts as done",
        lambda _, ours, __: (ours.get("flow_item_key") or ours["work_item_key"]) in rejected,
    )
    closings = Cause(
        closing.text,
        lambda _, ours, theirs: (
            ours["flow_item_type"] == "work_item"
            and ours["departures"] + ours["abandonments"] == theirs["departures"] + theirs["abandonments"]
        ),
    )
    link = "a key in a branch is weaker evidence than GitLab's own link"
    columns = ("state", "ready_at", "started_at", "done_at", "rejected_at")
    measures = ("decision_seconds", "start_wait_seconds")
    return {
        **{("fct_work_items", column): closing for column in columns},
        **{("fct_work_items", column): closing for column in measures},
        **{("fct_work_items", f"{column}_null_reason"): closing for column in measures},
        ("fct_stage_visits", "exit_reason"): closing,
        ("fct_flow_daily", "departures"): closings,
        ("fct_flow_daily", "abandonments"): closings,
        ("bridge_work_item_changes", "method"): Cause(
            link, lambda each, *_: (each.ours, each.theirs) == ("branch", "api")
        ),
        ("bridge_work_item_changes", "confidence"): Cause(
            link, lambda _, ours, theirs: ours["confidence"] < theirs["confidence"] == 1
        ),
    }


def run_causes(allowed: set[str]) -> dict[tuple[str, str], Cause]:
    starts = "a GitHub run starts when it is asked for, a GitLab pipeline with its first job"
    optional = Cause(
        "GitLab does not count jobs that may fail",
        lambda _, ours, __: (
            f"{ours['repository_key']} {ours['sha']} {ours['queued_at']} {ours['attempt']}" in allowed
        ),
    )
    return {
        ("fct_ci_runs", "branch"): Cause("a merge train has a ref of its own, not a branch", is_of_train),
        ("fct_ci_runs", "trigger"): Cause("is declared to be in the vendor's own words", always),
        ("fct_ci_runs", "started_at"): Cause(
            starts, lambda _, ours, theirs: ours["queued_at"] == ours["started_at"] <= theirs["started_at"]
        ),
        ("fct_ci_runs", "queue_seconds"): Cause(starts, lambda each, *_: each.ours == 0),
        ("fct_ci_runs", "run_seconds"): Cause(
            starts, lambda each, _, theirs: each.ours == each.theirs + theirs["queue_seconds"]
        ),
        ("fct_ci_runs", "busy_seconds"): Cause("GitHub does not tell it", untold_here),
        ("fct_ci_runs", "conclusion"): optional,
        ("fct_ci_runs", "failure_class"): optional,
    }


def job_causes() -> dict[tuple[str, str], Cause]:
    steps = "GitHub tells the steps of a job, GitLab when a runner took it"
    clocks = (
        "a job that ends at once may end before it starts by its runner's clock, which GitLab does not ask"
    )

    def is_brief(ours: Row, theirs: Row) -> bool:
        return bool(
            ours["started_at"] == ours["finished_at"] and theirs["started_at"] == theirs["finished_at"]
        )

    def is_later(difference: Difference, ours: Row, theirs: Row) -> bool:
        return difference.ours > difference.theirs or is_brief(ours, theirs)

    return {
        ("fct_ci_jobs", "branch"): Cause("a merge train has a ref of its own, not a branch", is_of_train),
        ("fct_ci_jobs", "is_required"): Cause(
            "GitHub names required checks in the rules of the branch, not at the job", untold_here
        ),
        ("fct_ci_jobs", "started_at"): Cause(f"{steps}; {clocks}", is_later),
        ("fct_ci_jobs", "queue_seconds"): Cause(f"{steps}; {clocks}", is_later),
        ("fct_ci_jobs", "run_seconds"): Cause(steps, lambda each, *_: each.ours < each.theirs),
        ("fct_ci_jobs", "finished_at"): Cause(clocks, lambda _, ours, theirs: is_brief(ours, theirs)),
        ("fct_ci_jobs", "setup_seconds"): Cause(steps, untold_there),
        ("fct_ci_jobs", "setup_seconds_null_reason"): Cause(
            steps, lambda each, *_: each.theirs == "not_observed"
        ),
    }


def other_causes() -> dict[tuple[str, str], Cause]:
    drafts = Cause("GitLab has no draft releases; their tags stand alone", is_draft)
    return {
        ("fct_commits", "author_person_key"): Cause(
            "GitLab's users show their addresses, GitHub's may not", untold_here
        ),
        ("fct_releases", "is_prerelease"): Cause(
            "GitLab does not mark releases as not for general use", untold_there
        ),
        ("dim_person", f"only {SECOND}"): Cause(
            "GitLab tells who may work on a project, also of those who never did",
            lambda _, __, theirs: bool(theirs["is_human"]),
        ),
        ("fct_releases", "published_at"): drafts,
        ("fct_releases", "is_draft"): drafts,
        ("fct_releases", "is_bare_tag"): drafts,
    }


@pytest.fixture(scope="module")
def causes(
    asked_of_teams: set[str],
    asked_at_once: set[str],
    moved_at_once: set[str],
    rejected: set[str],
    allowed: set[str],
) -> dict[tuple[str, str], Cause]:
    """Causes by mart and column."""
    return {
        **review_causes(asked_of_teams, asked_at_once, moved_at_once),
        **ticket_causes(rejected),
        **run_causes(allowed),
        **job_causes(),
        **other_causes(),
    }


@pytest.mark.parametrize("mart", MARTS, ids=lambda mart: mart.name)
def test_marts_differ_only_where_a_cause_is_known(
    first: Reading, second: Reading, causes: dict[tuple[str, str], Cause], mart: Mart
) -> None:
    ours, theirs = first.rows(mart), second.rows(mart)
    assert bool(ours) == (mart.name not in EMPTY)
    found = differences(mart, first, second)
    unexplained = [
        each
        for each in found
        if (cause := causes.get((each.mart, each.column))) is None
        or not cause.holds(each, ours.get(each.key, {}), theirs.get(each.key, {}))
    ]
    assert summary(unexplained) == []
    vanished = {place for place in causes if place[0] == mart.name} - {
        (each.mart, each.column) for each in found
    }
    assert vanished == set(), "no longer differ: strike them from the list"


Events = Counter[Event]

BOUNDARIES = {
    "change_events": ("github", "gitlab"),
    "deployment_events": ("github", "gitlab"),
    "work_item_events": ("jira", "gitlab"),
}
UNTOLD_THERE: dict[str, tuple[str, Callable[[Event, Events], bool]]] = {
    "review_requested": (
        "GitLab asks persons for reviews, never teams",
        lambda event, _: event.subject is not None and "/" in event.subject,
    ),
    "dequeued": (
        "GitLab's merge ends the ride on a train, GitHub tells that as well",
        lambda event, ours: any(
            (each.thing, each.type, each.occurred_at) == (event.thing, "merged", event.occurred_at)
            for each in ours
        ),
    ),
    "sprint": ("iterations come with GitLab's paid tiers; the company has none there", lambda *_: True),
    "status": (
        ONE_STEP,
        lambda event, ours: (
            sum(
                (each.thing, each.type, each.occurred_at) == (event.thing, event.type, event.occurred_at)
                for each in ours
            )
            > 1
        ),
    ),
}
"""Boundaries that GitHub or Jira tell and GitLab does not: type, cause, and whether it explains an event."""
NEVER_HERE = {"base_changed", "review_request_removed", "auto_merge_disabled"}
"""What the company never does."""


@pytest.mark.parametrize(
    ("entity", "here", "there"), [(entity, *both) for entity, both in BOUNDARIES.items()]
)
def test_every_boundary_that_both_declare_exact_is_equal(
    first: Reading, second: Reading, entity: str, here: str, there: str
) -> None:
    declared = connectors()[here].provides[entity], connectors()[there].provides[entity]
    types = {type_ for type_, exactness in declared[0].items() if exactness == declared[1][type_] == "exact"}
    ours, theirs = first.events(entity, types), second.events(entity, types)
    assert types - {event.type for event in ours} <= NEVER_HERE
    assert theirs - ours == Counter()
    untold = list((ours - theirs).elements())
    assert [e for e in untold if e.type not in UNTOLD_THERE or not UNTOLD_THERE[e.type][1](e, ours)] == []
    assert {event.type for event in untold} == types & UNTOLD_THERE.keys()


def test_every_mart_is_compared_or_said_why_not(first: Reading) -> None:
    assert first.marts() == {mart.name for mart in MARTS} | UNCOMPARED.keys()


def test_the_comparison_finds_a_value_that_differs_and_a_row_that_only_one_has(
    first: Reading, second: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    (changes,) = (mart for mart in MARTS if mart.name == "fct_changes")
    there = second.rows(changes)
    moved, lost = sorted(there)[:2]
    bent = {key: dict(row) for key, row in there.items() if key != lost}
    bent[moved]["created_at"] = None
    monkeypatch.setattr(first, "rows", lambda _mart: there)
    monkeypatch.setattr(second, "rows", lambda _mart: bent)
    found = [(each.column, each.key) for each in differences(changes, first, second)]
    assert found == [(f"only {FIRST}", lost), ("created_at", moved)]

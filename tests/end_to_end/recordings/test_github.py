"""The recorded GitHub: what is known of it by other code is what the published marts tell."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from support.equality import Reading
from support.facts import Facts, compares, instant, measured, seconds, uncompared
from support.homes import GITHUB
from support.published import query

pytestmark = pytest.mark.replay

HOME, CONNECTION = GITHUB, "recorded-github"
PULLS, RUNS, ISSUES = "github_ants_pulls", "github_ci_runs", "github_ants_issues"
Changes = dict[str, dict[str, Any]]

_RAW = "is kept by the vendor, and no measure is made of it"
_SOURCE = "says where the facts themselves were taken from"
_OTHER_TOOL = "is what another tool makes of it"
_BOT = "counts answers of a bot that calls itself a user; compared without it"
_BETWEEN = "counts the time between attempts, which is the trap to avoid"
_TAG = "which release first holds a change is told where releases are deployments, which these are not"
UNTOLD = {
    PULLS: {
        "pulls.*.updated_at": _RAW,
        "pulls.*.first_response_kind": "first responses of every kind are one milestone",
        "pulls.*.first_formal_review_kind": "formal reviews of every kind are one milestone",
        "pulls.*.first_commit_authored_git": _SOURCE,
        "summary.by_commits_source": _SOURCE,
        "summary.recorded_vs_git_first_commit_differs": _SOURCE,
        "summary.commit_count_recorded_vs_git_differs": _SOURCE,
        "summary.seconds.time_to_first_response_s": _BOT,
        "summary.seconds.time_to_first_formal_review_s": _BOT,
        "summary.seconds.first_response_to_merge_s": _BOT,
        "summary.with_formal_review": _BOT,
        "pulls.*.first_tag": _TAG,
        "pulls.*.first_tag_at": _TAG,
        "pulls.*.merge_to_tag_s": _TAG,
        "pulls.*.cycle_first_commit_to_tag_s": _TAG,
        "summary.merged_with_tag": _TAG,
        "summary.seconds.merge_to_tag_s": _TAG,
        "summary.seconds.cycle_first_commit_to_tag_s": _TAG,
        "pulls.*.devlake_first_commit_authored_at": _OTHER_TOOL,
        "pulls.*.devlake_first_comment_at": _OTHER_TOOL,
        "summary.differences_from_devlake": _OTHER_TOOL,
    },
    RUNS: {
        "panjf2000/ants.duration_created_to_updated_s": _BETWEEN,
        "panjf2000/ants.beside_devlake.*.from_created_s": _BETWEEN,
        "panjf2000/ants.beside_devlake.*.devlake_s": _OTHER_TOOL,
        "panjf2000/ants.beside_devlake.*.devlake_result": _OTHER_TOOL,
        "panjf2000/ants jobs": "jobs of runs that were not recorded, and jobs are asked for by their run",
    },
    ISSUES: {},
}


@pytest.fixture(scope="module")
def changes(home: Path) -> Changes:
    rows = query(home, f"select * from marts.fct_changes where connection = '{CONNECTION}'")
    return {str(row["number"]): row for row in rows}


@pytest.fixture(scope="module")
def names(home: Path) -> dict[str, str]:
    return Reading("recorded", home, CONNECTION).names()


def told(changes: Changes, tell: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    return {number: tell(row) for number, row in changes.items()}


def instants(facts: Mapping[str, str | None]) -> dict[str, datetime | None]:
    return {number: instant(text) for number, text in facts.items()}


@compares(
    PULLS,
    "pulls.*.state",
    "pulls.*.draft",
    "summary.pulls",
    "summary.by_state",
    "pulls.*.commits_recorded",
    "pulls.*.commits_git",
    "pulls.*.commits_source",
)
def test_every_pull_request_is_a_change_with_its_state(changes: Changes, facts: Facts) -> None:
    assert told(changes, lambda row: row["state"]) == facts("pulls.*.state")
    assert told(changes, lambda row: row["is_draft"]) == facts("pulls.*.draft")
    # Where no commits were recorded, the recordings have those of git.
    counts = {source: facts(f"pulls.*.commits_{source}") for source in ("recorded", "git")}
    assert told(changes, lambda row: row["commit_count"]) == {
        number: counts[source][number] for number, source in facts("pulls.*.commits_source").items()
    }
    assert len(changes) == facts("summary.pulls")
    assert Counter(row["state"] for row in changes.values()) == facts("summary.by_state")


@compares(PULLS, "pulls.*.author", "summary.distinct_authors")
def test_authors_are_equal(changes: Changes, names: dict[str, str], facts: Facts) -> None:
    authors = told(changes, lambda row: names[row["author_person_key"]])
    assert authors == facts("pulls.*.author")
    assert len({row["author_person_key"] for row in changes.values()}) == facts("summary.distinct_authors")


@compares(
    PULLS,
    "pulls.*.created_at",
    "pulls.*.merged_at",
    "pulls.*.closed_at",
    "pulls.*.first_commit_authored_at",
    "pulls.*.first_response_without_named_bots_at",
    "pulls.*.approved_at",
    "summary.approved",
    "summary.merged_per_month",
)
def test_milestones_of_every_pull_request_are_equal(changes: Changes, facts: Facts) -> None:
    for column, fact in (
        ("created_at", "created_at"),
        ("merged_at", "merged_at"),
        ("first_commit_authored_at", "first_commit_authored_at"),
        ("first_response_at", "first_response_without_named_bots_at"),
        ("first_approved_at", "approved_at"),
    ):
        known = instants(facts(f"pulls.*.{fact}"))
        assert told(changes, lambda row, column=column: row[column]) == known, column
    # GitHub stamped the closing of pull 210 a second after its merge; a merged change closes as it merges.
    merged, closed = instants(facts("pulls.*.merged_at")), instants(facts("pulls.*.closed_at"))
    assert told(changes, lambda row: row["closed_at"]) == {
        number: merged[number] or at for number, at in closed.items()
    }
    assert sum(row["first_approved_at"] is not None for row in changes.values()) == facts("summary.approved")
    months = Counter(f"{row['merged_at']:%Y-%m}" for row in changes.values() if row["merged_at"])
    assert months == facts("summary.merged_per_month")


@compares(
    PULLS,
    "pulls.*.time_to_merge_s",
    "summary.seconds.time_to_merge_s",
    "pulls.*.cycle_time_first_commit_to_merge_s",
    "summary.seconds.cycle_time_first_commit_to_merge_s",
)
def test_durations_until_the_merge_are_equal(changes: Changes, facts: Facts) -> None:
    merging = told(changes, lambda row: row["created_to_merged_seconds"])
    assert merging == facts("pulls.*.time_to_merge_s")
    assert measured(merging.values()) == facts("summary.seconds.time_to_merge_s")
    cycle = told(changes, lambda row: seconds(row, "first_commit_authored_at", "merged_at"))
    assert cycle == facts("pulls.*.cycle_time_first_commit_to_merge_s")
    assert measured(cycle.values()) == facts("summary.seconds.cycle_time_first_commit_to_merge_s")


@compares(
    PULLS,
    "pulls.*.coding_time_s",
    "summary.seconds.coding_time_s",
    "summary.negative_coding_time",
)
def test_negative_coding_times_are_rejected_rows_with_both_instants(
    home: Path, changes: Changes, facts: Facts
) -> None:
    coding = {n: row["coding_seconds"] for n, row in changes.items() if row["coding_seconds"] is not None}
    rejected = query(
        home,
        "select number, started_at, ended_at from marts.fct_rejected_rows "
        "inner join marts.fct_changes on change_key = item_key "
        f"where measure = 'coding_seconds' and fct_changes.connection = '{CONNECTION}'",
    )
    impossible = {str(row["number"]): seconds(row, "started_at", "ended_at") for row in rejected}
    assert coding.keys().isdisjoint(impossible)
    assert coding | impossible == facts("pulls.*.coding_time_s")
    assert measured([*coding.values(), *impossible.values()]) == facts("summary.seconds.coding_time_s")
    negative = {str(number) for number in facts("summary.negative_coding_time")}
    assert impossible.keys() == negative
    assert {n for n, row in changes.items() if row["coding_seconds_null_reason"] == "impossible"} == negative
    for row in rejected:
        change = changes[str(row["number"])]
        assert (row["started_at"], row["ended_at"]) == (
            change["first_commit_authored_at"],
            change["created_at"],
        )


@compares(
    PULLS,
    "pulls.*.named_bots",
    "pulls.*.first_formal_review_at",
    "pulls.*.time_to_first_formal_review_s",
    "pulls.*.first_response_at",
    "summary.named_bot_changes_first_response",
)
def test_where_the_declared_bot_was_first_people_come_later(changes: Changes, facts: Facts) -> None:
    bots = facts("pulls.*.named_bots")
    by_people = {number: row for number, row in changes.items() if not bots[number]}
    for column, fact in (
        ("first_review_at", "first_formal_review_at"),
        ("first_response_at", "first_response_at"),
    ):
        known = instants(facts(f"pulls.*.{fact}"))
        for number, row in changes.items():
            assert row[column] == known[number] if number in by_people else row[column] > known[number]
    reviewing = facts("pulls.*.time_to_first_formal_review_s")
    assert {n: seconds(row, "created_at", "first_review_at") for n, row in by_people.items()} == {
        number: reviewing[number] for number in by_people
    }
    ((number, _, by_people_at, _),) = facts("summary.named_bot_changes_first_response")
    assert [n for n, each in bots.items() if each] == [str(number)]
    assert changes[str(number)]["first_response_at"] == instant(by_people_at)


@compares(
    PULLS,
    "pulls.*.named_bots",
    "pulls.*.first_response_by",
    "pulls.*.time_to_first_response_s",
    "pulls.*.first_response_to_merge_s",
    "pulls.*.first_response_after_merge",
    "summary.first_response_after_merge",
    "summary.with_first_response",
    "summary.time_to_first_response_without_named_bots_s",
)
def test_first_responses_leave_the_declared_bot_out(
    home: Path, changes: Changes, names: dict[str, str], facts: Facts
) -> None:
    bots = facts("pulls.*.named_bots")
    by_people = [number for number in changes if not bots[number]]
    answering = told(changes, lambda row: seconds(row, "created_at", "first_response_at"))
    merging = told(changes, lambda row: seconds(row, "first_response_at", "merged_at"))
    for found, fact in (
        (answering, "time_to_first_response_s"),
        (merging, "first_response_to_merge_s"),
    ):
        known = facts(f"pulls.*.{fact}")
        assert {n: found[n] for n in by_people} == {n: known[n] for n in by_people}, fact
    assert len([value for value in answering.values() if value is not None]) == facts(
        "summary.with_first_response"
    )
    assert measured(answering.values()) == facts("summary.time_to_first_response_without_named_bots_s")
    late = {n: value is not None and value < 0 for n, value in merging.items()}
    assert late == facts("pulls.*.first_response_after_merge")
    assert [n for n, is_late in late.items() if is_late] == facts("summary.first_response_after_merge")
    responders = query(
        home,
        "select number, to_person_key from marts.fct_handoffs "
        "inner join marts.fct_changes on flow_item_key = change_key "
        "where mechanism = 'review_request' and to_role = 'reviewer' and accepted_at = first_response_at "
        f"and connection = '{CONNECTION}'",
    )
    found = {str(row["number"]): names[row["to_person_key"]] for row in responders}
    known = facts("pulls.*.first_response_by")
    assert {n: found.get(n) for n in by_people} == {n: known[n] for n in by_people}


REPOSITORY = "panjf2000/ants"


@compares(
    RUNS,
    *(
        f"{REPOSITORY}.{path}"
        for path in (
            "runs",
            "reruns",
            "by_conclusion",
            "by_event",
            "duration_run_started_to_updated_s",
            "failure_rate_of_success_and_failure",
            "failure_rate_of_completed",
            "distinct_head_shas",
            "linked_to_pull",
            "beside_devlake.*.id",
            "beside_devlake.*.mine_s",
            "beside_devlake.*.conclusion",
        )
    ),
)
def test_run_durations_are_of_the_latest_attempt_and_not_inflated(home: Path, facts: Facts) -> None:
    def fact(path: str) -> Any:
        return facts(f"{REPOSITORY}.{path}")

    latest = query(
        home,
        f"select * from marts.fct_ci_runs where connection = '{CONNECTION}' "
        "qualify row_number() over (partition by run order by attempt desc) = 1",
    )
    runs = {int(row["run"]): row for row in latest}
    assert len(runs) == fact("runs")
    assert sum(row["attempt"] > 1 for row in latest) == fact("reruns")
    assert Counter(row["trigger"] for row in latest) == fact("by_event")
    assert len({row["sha"] for row in latest}) == fact("distinct_head_shas")
    assert sum(row["change_key"] is not None for row in latest) == fact("linked_to_pull")
    ids = fact("beside_devlake.*.id")
    outcomes = {ids[place]: outcome for place, outcome in fact("beside_devlake.*.conclusion").items()}
    assert {run: row["conclusion"] for run, row in runs.items()} == {
        run: outcome or "running" for run, outcome in outcomes.items()
    }
    ended = Counter(row["conclusion"] for row in latest)
    assert ended == {
        "running" if outcome == "None" else outcome: n for outcome, n in fact("by_conclusion").items()
    }
    judged = ended["failure"] / (ended["failure"] + ended["success"])
    assert round(judged, 4) == fact("failure_rate_of_success_and_failure")
    assert round(ended["failure"] / (ended.total() - ended["running"]), 4) == fact(
        "failure_rate_of_completed"
    )
    known = {ids[place]: taken for place, taken in fact("beside_devlake.*.mine_s").items()}
    taken = {run: row["run_seconds"] for run, row in runs.items() if row["run_seconds"] is not None}
    assert taken == {run: known[run] for run, outcome in outcomes.items() if outcome}
    assert measured(taken.values()) == fact("duration_run_started_to_updated_s")
    running = {run for run, outcome in outcomes.items() if not outcome}
    assert {run for run, row in runs.items() if row["run_seconds_null_reason"] == "not_yet"} == running


STATES = {"open": "open", "done": "closed", "rejected": "closed"}


@compares(ISSUES, "listed", "of_which_pulls", "true_issues", "true_by_state", "time_to_close_s")
def test_every_github_issue_is_a_ticket_and_no_pull_request_is_one(
    home: Path, changes: Changes, facts: Facts
) -> None:
    tickets = query(
        home,
        "select * from marts.fct_work_items join marts.dim_work_item using (work_item_key) "
        f"where fct_work_items.connection = '{CONNECTION}'",
    )
    assert len(tickets) == facts("true_issues") == facts("listed") - facts("of_which_pulls")
    assert Counter(STATES[ticket["state"]] for ticket in tickets) == facts("true_by_state")
    ended = [seconds(ticket, "created_at", "done_at") for ticket in tickets if ticket["done_at"]]
    assert measured(ended) == facts("time_to_close_s")
    assert {ticket["name"].rpartition("#")[2] for ticket in tickets}.isdisjoint(changes)


@pytest.mark.parametrize("file", UNTOLD)
def test_no_recorded_fact_is_left_out(expected: Path, file: str) -> None:
    assert uncompared(expected, file, UNTOLD[file]) == set()

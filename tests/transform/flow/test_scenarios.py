"""One short history per rule, all in one warehouse: what the marts say of each, from opening to merge."""

from datetime import datetime
from typing import Any

import pytest
from support.histories import Change, Check, Commit, Event, FlowWarehouse, Organisation, Rule, after

HOUR = 3600
END = 20 * HOUR


def on(hour: float) -> datetime:
    return after(hour * HOUR)


def event(kind: str, hour: float, actor: str | None = "ada", **facts: Any) -> Event:
    return Event(kind, on(hour), actor, **facts)


def change(name: str, *events: Event, branch: str = "main", **facts: Any) -> Change:
    """A change by ada, opened at hour 0 unless said otherwise, with a head commit of its own."""
    number = len(SCENARIOS) + 1
    created = facts.pop("created_at", on(0))
    made = Change(
        number, created, base_branch=branch, head_sha=f"head-{number}", events=list(events), **facts
    )
    SCENARIOS[name] = made
    return made


SCENARIOS: dict[str, Change] = {}

change("approved", event("reviewed_approved", 2, "bob"), merged_at=on(3), merged_by="cyd")
change("written_before", commits=[Commit("w", on(-4)), Commit("x", on(-1))], merged_at=on(1), merged_by="bob")
change("written_after", commits=[Commit("y", on(1))], merged_at=on(2), merged_by="bob")
change("draft", event("ready_for_review", 2), event("commented", 3, "bob"))
change(
    "back_to_draft",
    event("converted_to_draft", 1),
    event("commented", 2, "bob"),
    event("ready_for_review", 4),
)
change("draft_without_events", is_draft=True)
change("self_reviewed", event("reviewed_commented", 1, "ada"), event("commented", 2, "ada"))
change("bot_reviewed", event("reviewed_commented", 1, "robo"))
change("bot_approved", event("reviewed_approved", 1, "robo"), merged_at=on(2), merged_by="bob")
change(
    "sent_back",
    event("reviewed_changes_requested", 1, "bob"),
    event("pushed", 3, sha="s2"),
    event("reviewed_approved", 4, "bob"),
    merged_at=on(6),
    merged_by="cyd",
)
change(
    "dismissed",
    event("reviewed_changes_requested", 1, "bob"),
    event("review_dismissed", 2, "cyd", subject="bob"),
)
change(
    "approval_dismissed",
    event("reviewed_approved", 1, "bob"),
    event("review_dismissed", 3, "cyd", subject="bob"),
)
change("two_needed", event("reviewed_approved", 1, "bob"), event("reviewed_approved", 3, "cyd"), branch="two")
change(
    "none_needed", event("reviewed_changes_requested", 2, "bob"), event("pushed", 3, sha="n2"), branch="zero"
)
change("assumed", event("commented", 2, "bob"), branch="free")
change(
    "assumed_and_blocked",
    event("reviewed_changes_requested", 2, "robo"),
    event("commented", 3, "bob"),
    branch="free",
)
change(
    "queued", event("reviewed_approved", 1, "bob"), event("enqueued", 2, "ada"), event("dequeued", 4, "robo")
)
change("abandoned", event("commented", 1, "bob"), closed_at=on(5))
change("reopened", event("closed", 2), event("reopened", 5), event("reviewed_approved", 6, "bob"))
change("closed_and_merged", event("closed", 2), merged_at=on(4), merged_by="bob")
change(
    "one_second",
    event("reviewed_approved", 2, "bob"),
    event("pushed", 2, sha="o2"),
    event("converted_to_draft", 2),
    event("ready_for_review", 2, source_id="z-last"),
)
change("in_no_time", merged_at=on(0), merged_by="bob")
change("merged_before_opened", created_at=on(2), merged_at=on(1), merged_by="bob")
change("checked", event("reviewed_approved", 1, "bob"))
change("late_rules", event("commented", 1, "bob"), branch="late")
change(
    "asked_in_draft",
    event("review_requested", 1, subject="bob"),
    event("ready_for_review", 3),
    event("commented", 5, "bob"),
)
change(
    "asked_two",
    event("review_requested", 1, subject="bob"),
    event("review_requested", 2, subject="cyd"),
    event("commented", 4, "cyd"),
)
change(
    "asked_one_answered_by_another",
    event("review_requested", 1, subject="bob"),
    event("commented", 3, "cyd"),
    event("reviewed_commented", 6, "bob"),
)
change("asked_nobody", event("commented", 3, "bob"))
change(
    "request_removed",
    event("review_requested", 1, subject="bob"),
    event("review_request_removed", 3, subject="bob"),
)
change("request_unanswered", event("review_requested", 1, subject="bob"), merged_at=on(4), merged_by="bob")
change("asked_bot", event("review_requested", 1, subject="robo"), event("commented", 2, "bob"))
change(
    "asked_known_team",
    event("review_requested", 1, team="blue"),
    event("commented", 2, "dot"),
    event("commented", 4, "cyd"),
)
change("asked_unknown_team", event("review_requested", 1, team="strangers"), event("commented", 2, "dot"))
change(
    "three_rounds",
    event("reviewed_changes_requested", 1, "bob"),
    event("pushed", 2, sha="t2"),
    event("pushed", 3, sha="t3"),
    event("commented", 4, "bob"),
    event("force_pushed", 5, sha="t4"),
)
change("approver_merges", event("reviewed_approved", 1, "bob"), merged_at=on(2), merged_by="bob")
change(
    "approval_lost",
    event("reviewed_approved", 1, "bob"),
    event("pushed", 3, sha="l2"),
    event("review_dismissed", 3, "robo", subject="bob"),
    event("reviewed_approved", 5, "cyd"),
    event("enqueued", 6, "dot"),
    merged_at=on(7),
    merged_by="robo",
)
change("approved_and_closed", event("reviewed_approved", 1, "bob"), closed_at=on(3))
change(
    "after_the_end",
    event("reviewed_approved", 1, "bob"),
    event("reviewed_commented", 9, "cyd"),
    merged_at=on(2),
    merged_by="dot",
)
change("beyond_the_horizon", event("closed", 21), closed_at=on(21))
change("later_than_known", created_at=on(21))
change("reverting", reverts_number=1, merged_at=on(9), merged_by="bob")
change("trailed", commits=[Commit("m", on(-1), markers="trailer:claude_code")], markers="branch:codex")
change(
    "approved_closed_reopened",
    event("reviewed_approved", 1, "bob"),
    event("closed", 2),
    event("reopened", 4),
    merged_at=on(6),
    merged_by="cyd",
)
change("reopened_beyond_the_horizon", event("closed", 5), event("reopened", 21))
change("by_agent", markers="author:copilot")
change("asked_in_vain_in_draft", event("review_requested", 1, subject="bob"), is_draft=True)

ORGANISATION = Organisation(
    rules=[
        Rule(on(-900), 1, ("test",)),
        Rule(on(-900), 2, (), branch="two"),
        Rule(on(-900), 0, (), branch="zero"),
        Rule(on(3), 1, (), branch="late"),
    ],
    checks=[
        Check(f"head-{SCENARIOS['checked'].number}", "test", on(0.5), on(2), "failure"),
        Check(f"head-{SCENARIOS['checked'].number}", "test", on(4), on(5), "success", attempt=2),
        Check(f"head-{SCENARIOS['checked'].number}", "other", on(0.5), on(9), "failure"),
        Check(f"head-{SCENARIOS['checked'].number}", "test", on(6), on(7), "cancelled", attempt=3),
        Check(f"head-{SCENARIOS['assumed'].number}", "test", on(3), on(4), "failure"),
    ],
    teams={"red": ["ada", "bob"], "blue": ["cyd"]},
    sla_hours=2,
    as_of=after(END),
)


@pytest.fixture(scope="module")
def warehouse(prepared_warehouse: FlowWarehouse, tmp_path_factory: pytest.TempPathFactory) -> FlowWarehouse:
    copy = prepared_warehouse.copy_to(tmp_path_factory.mktemp("scenarios") / "copy")
    copy.write(list(SCENARIOS.values()), ORGANISATION)
    copy.transform()
    return copy


def hour_of(instant: datetime | None) -> float | None:
    return None if instant is None else (instant - after(0)).total_seconds() / HOUR


VISITS: dict[str, list[tuple[str, float, float | None, str]]] = {
    "approved": [("review_wait", 0, 2, "advanced"), ("merge_wait", 2, 3, "advanced")],
    "written_before": [("build", -4, 0, "advanced"), ("review_wait", 0, 1, "advanced")],
    "written_after": [("review_wait", 0, 2, "advanced")],
    "draft": [("build", 0, 2, "advanced"), ("review_wait", 2, 3, "advanced"), ("review", 3, None, "open")],
    "back_to_draft": [
        ("review_wait", 0, 1, "returned"),
        ("build", 1, 4, "advanced"),
        ("review_wait", 4, None, "open"),
    ],
    "draft_without_events": [("build", 0, None, "open")],
    "self_reviewed": [("review_wait", 0, None, "open")],
    "bot_reviewed": [("review_wait", 0, None, "open")],
    "bot_approved": [("review_wait", 0, 1, "advanced"), ("merge_wait", 1, 2, "advanced")],
    "sent_back": [
        ("review_wait", 0, 1, "advanced"),
        ("rework", 1, 3, "returned"),
        ("review", 3, 4, "advanced"),
        ("merge_wait", 4, 6, "advanced"),
    ],
    "dismissed": [
        ("review_wait", 0, 1, "advanced"),
        ("rework", 1, 2, "returned"),
        ("review", 2, None, "open"),
    ],
    "approval_dismissed": [
        ("review_wait", 0, 1, "advanced"),
        ("merge_wait", 1, 3, "returned"),
        ("review", 3, None, "open"),
    ],
    "two_needed": [
        ("review_wait", 0, 1, "advanced"),
        ("review", 1, 3, "advanced"),
        ("merge_wait", 3, None, "open"),
    ],
    "none_needed": [
        ("merge_wait", 0, 2, "returned"),
        ("rework", 2, 3, "advanced"),
        ("merge_wait", 3, None, "open"),
    ],
    "assumed": [
        ("review_wait", 0, 2, "advanced"),
        ("merge_wait", 2, 3, "returned"),
        ("ci", 3, 4, "advanced"),
        ("merge_wait", 4, None, "open"),
    ],
    "assumed_and_blocked": [("review_wait", 0, 3, "advanced"), ("review", 3, None, "open")],
    "queued": [
        ("review_wait", 0, 1, "advanced"),
        ("merge_wait", 1, 2, "returned"),
        ("ci", 2, 4, "advanced"),
        ("merge_wait", 4, None, "open"),
    ],
    "abandoned": [("review_wait", 0, 1, "advanced"), ("review", 1, 5, "abandoned")],
    "reopened": [
        ("review_wait", 0, 2, "abandoned"),
        ("review_wait", 5, 6, "advanced"),
        ("merge_wait", 6, None, "open"),
    ],
    "closed_and_merged": [("review_wait", 0, 2, "abandoned")],
    "one_second": [("review_wait", 0, 2, "advanced"), ("merge_wait", 2, None, "open")],
    "in_no_time": [],
    "merged_before_opened": [],
    "checked": [
        ("review_wait", 0, 1, "advanced"),
        ("ci", 1, 2, "returned"),
        ("rework", 2, 4, "advanced"),
        ("ci", 4, 5, "advanced"),
        ("merge_wait", 5, 6, "returned"),
        ("ci", 6, 7, "advanced"),
        ("merge_wait", 7, None, "open"),
    ],
    "late_rules": [("review_wait", 0, 1, "advanced"), ("review", 1, None, "open")],
    "beyond_the_horizon": [("review_wait", 0, None, "open")],
}


@pytest.mark.parametrize("name", VISITS)
def test_stages_of(warehouse: FlowWarehouse, name: str) -> None:
    rows = warehouse.rows(
        "select stage, entered_at, exited_at, exit_reason from marts.fct_stage_visits as visits "
        "join marts.dim_stage using (stage_key) join marts.fct_changes on change_key = flow_item_key "
        f"where number = {SCENARIOS[name].number} and stage_order < 90 order by entered_at"
    )
    assert [
        (row["stage"], hour_of(row["entered_at"]), hour_of(row["exited_at"]), row["exit_reason"])
        for row in rows
    ] == VISITS[name]


EVIDENCE = {
    "approved": {"observed"},
    "assumed": {"approvals_assumed", "approvals_assumed,checks_assumed"},
    "late_rules": {"rule_backcast"},
    "draft_without_events": {"observed"},
}


@pytest.mark.parametrize("name", EVIDENCE)
def test_evidence_of(warehouse: FlowWarehouse, name: str) -> None:
    rows = warehouse.rows(
        "select distinct evidence from marts.fct_stage_visits join marts.fct_changes "
        f"on change_key = flow_item_key where number = {SCENARIOS[name].number}"
    )
    assert {row["evidence"] for row in rows} == EVIDENCE[name]


Handoff = tuple[str, str, str, int, float, float | None, str]
HANDOFFS: dict[str, list[Handoff]] = {
    "asked_in_draft": [("review_request", "author", "reviewer", 1, 3, 5, "accepted")],
    "asked_two": [("review_request", "author", "reviewer", 1, 1, 4, "accepted")],
    "asked_one_answered_by_another": [("review_request", "author", "reviewer", 1, 1, 6, "accepted")],
    "asked_nobody": [("review_request", "author", "reviewer", 1, 0, 3, "accepted")],
    "request_removed": [("review_request", "author", "reviewer", 1, 1, None, "withdrawn")],
    "request_unanswered": [("review_request", "author", "reviewer", 1, 1, None, "withdrawn")],
    "asked_bot": [("review_request", "author", "reviewer", 1, 0, 2, "accepted")],
    "asked_known_team": [("review_request", "author", "reviewer", 1, 1, 4, "accepted")],
    "asked_unknown_team": [("review_request", "author", "reviewer", 1, 1, 2, "accepted")],
    "self_reviewed": [],
    "three_rounds": [
        ("review_request", "author", "reviewer", 1, 0, 1, "accepted"),
        ("review_verdict", "reviewer", "author", 1, 1, 2, "accepted"),
        ("review_request", "author", "reviewer", 2, 2, 4, "accepted"),
        ("review_request", "author", "reviewer", 3, 5, None, "pending"),
    ],
    "approved": [
        ("review_request", "author", "reviewer", 1, 0, 2, "accepted"),
        ("review_verdict", "reviewer", "merger", 1, 2, 3, "accepted"),
    ],
    "approver_merges": [("review_request", "author", "reviewer", 1, 0, 1, "accepted")],
    "approval_lost": [
        ("review_request", "author", "reviewer", 1, 0, 1, "accepted"),
        ("review_verdict", "reviewer", "merger", 1, 1, None, "superseded"),
        ("review_request", "author", "reviewer", 2, 3, 5, "accepted"),
        ("review_verdict", "reviewer", "merger", 2, 5, 6, "accepted"),
    ],
    "approved_and_closed": [
        ("review_request", "author", "reviewer", 1, 0, 1, "accepted"),
        ("review_verdict", "reviewer", "merger", 1, 1, None, "withdrawn"),
    ],
    "approved_closed_reopened": [
        ("review_request", "author", "reviewer", 1, 0, 1, "accepted"),
        ("review_verdict", "reviewer", "merger", 1, 1, 6, "accepted"),
    ],
    "dismissed": [
        ("review_request", "author", "reviewer", 1, 0, 1, "accepted"),
        ("review_verdict", "reviewer", "author", 1, 1, None, "superseded"),
    ],
    "reopened": [
        ("review_request", "author", "reviewer", 1, 0, 6, "accepted"),
        ("review_verdict", "reviewer", "merger", 1, 6, None, "pending"),
    ],
    "none_needed": [
        ("review_request", "author", "reviewer", 1, 0, 2, "accepted"),
        ("review_verdict", "reviewer", "author", 1, 2, 3, "accepted"),
        ("review_request", "author", "reviewer", 2, 3, None, "pending"),
    ],
}


def handoffs_of(warehouse: FlowWarehouse, name: str) -> list[dict[str, Any]]:
    return warehouse.rows(
        "select handoffs.* from marts.fct_handoffs as handoffs join marts.fct_changes "
        f"on change_key = flow_item_key where number = {SCENARIOS[name].number} "
        "and mechanism in ('review_request', 'review_verdict') order by requested_at, handoffs.settled_at"
    )


@pytest.mark.parametrize("name", HANDOFFS)
def test_handoffs_of(warehouse: FlowWarehouse, name: str) -> None:
    assert [
        (
            row["mechanism"],
            row["from_role"],
            row["to_role"],
            row["round_number"],
            hour_of(row["requested_at"]),
            hour_of(row["accepted_at"]),
            row["outcome"],
        )
        for row in handoffs_of(warehouse, name)
    ] == HANDOFFS[name]


def test_a_handoff_back_is_a_return(warehouse: FlowWarehouse) -> None:
    assert [row["is_return"] for row in handoffs_of(warehouse, "three_rounds")] == [False, True, True, False]


def test_waits_are_null_with_a_reason_until_accepted(warehouse: FlowWarehouse) -> None:
    (removed,) = handoffs_of(warehouse, "request_removed")
    assert (removed["wait_calendar_seconds"], removed["wait_calendar_seconds_null_reason"]) == (
        None,
        "not_applicable",
    )
    pending = handoffs_of(warehouse, "three_rounds")[-1]
    assert (pending["wait_calendar_seconds"], pending["wait_calendar_seconds_null_reason"]) == (
        None,
        "not_yet",
    )
    assert pending["to_person_key"] is None


def fact(warehouse: FlowWarehouse, name: str) -> dict[str, Any]:
    (row,) = warehouse.rows(f"select * from marts.fct_changes where number = {SCENARIOS[name].number}")
    return row


FACTS: dict[str, dict[str, Any]] = {
    "written_before": {
        "coding_seconds": 4 * HOUR,
        "build_start_evidence": "first_commit",
        "review_wait_seconds": HOUR,
        "rework_seconds": 0,
        "is_unreviewed_merge": True,
        "first_response_at": None,
        "pickup_seconds": None,
        "pickup_seconds_null_reason": "not_applicable",
    },
    "written_after": {
        "coding_seconds": None,
        "coding_seconds_null_reason": "impossible",
        "build_started_at": on(0),
        "build_start_evidence": "created",
    },
    "approved": {
        "coding_seconds": None,
        "coding_seconds_null_reason": "not_observed",
        "pickup_seconds": 2 * HOUR,
        "created_to_merged_seconds": 3 * HOUR,
        "time_to_merge_seconds": 3 * HOUR,
        "review_round_count": 1,
        "reviewer_count": 1,
        "is_unreviewed_merge": False,
        "deployment_lead_seconds": None,
        "deployment_lead_seconds_null_reason": "not_applicable",
        "prompt_to_production_seconds_null_reason": "not_applicable",
        "work_item_key_null_reason": "not_linked",
        "assistant_level": "unknown",
        "assistant_evidence": None,
        "reverted_by_change_key_null_reason": None,
    },
    "draft": {
        "ready_at": on(2),
        "pickup_seconds": HOUR,
        "time_to_merge_seconds_null_reason": "not_yet",
        "review_wait_seconds": None,
        "review_wait_seconds_null_reason": "not_yet",
    },
    "draft_without_events": {"ready_at": None, "pickup_seconds_null_reason": "not_yet", "is_draft": True},
    "bot_reviewed": {"first_response_at": None, "first_review_at": None, "reviewer_count": 0},
    "bot_approved": {"first_approved_at": on(1), "first_review_at": None, "is_unreviewed_merge": True},
    "self_reviewed": {"first_response_at": None, "first_review_at": None},
    "asked_nobody": {"first_response_at": on(3), "first_review_at": None, "first_review_requested_at": None},
    "asked_in_draft": {"first_review_requested_at": on(1), "ready_at": on(3), "pickup_seconds": 2 * HOUR},
    "sent_back": {"review_round_count": 2, "rework_seconds": 2 * HOUR, "merge_wait_seconds": 2 * HOUR},
    "three_rounds": {"review_round_count": 3},
    "abandoned": {
        "state": "closed",
        "closed_seconds": 0,
        "created_to_merged_seconds_null_reason": "not_applicable",
        "deployment_lead_seconds_null_reason": "not_applicable",
        "review_seconds": 4 * HOUR,
    },
    "reopened": {"closed_seconds": 3 * HOUR, "state": "open", "closed_at": None},
    "closed_and_merged": {"closed_seconds": 2 * HOUR, "created_to_merged_seconds": 4 * HOUR},
    "in_no_time": {"created_to_merged_seconds": 0, "review_wait_seconds": 0, "merge_wait_seconds": 0},
    "merged_before_opened": {
        "created_to_merged_seconds": None,
        "created_to_merged_seconds_null_reason": "impossible",
    },
    "after_the_end": {"last_approved_at": on(1), "reviewer_count": 1},
    "beyond_the_horizon": {"state": "open", "closed_at": None},
    "reopened_beyond_the_horizon": {"state": "closed", "closed_at": on(5)},
    "trailed": {"assistant_evidence": "trailer", "assistant_level": "assisted"},
    "by_agent": {"assistant_evidence": "agent_author", "assistant_level": "agent_authored"},
}


@pytest.mark.parametrize("name", FACTS)
def test_facts_of(warehouse: FlowWarehouse, name: str) -> None:
    row = fact(warehouse, name)
    assert {column: row[column] for column in FACTS[name]} == FACTS[name]


def test_a_revert_links_both_ways(warehouse: FlowWarehouse) -> None:
    reverting, reverted = fact(warehouse, "reverting"), fact(warehouse, "approved")
    assert reverting["reverts_change_key"] == reverted["change_key"]
    assert reverted["reverted_by_change_key"] == reverting["change_key"]
    assert reverting["reverted_by_change_key_null_reason"] == "not_applicable"


def test_what_happened_after_the_horizon_waits_for_the_next_run(warehouse: FlowWarehouse) -> None:
    number = SCENARIOS["later_than_known"].number
    assert warehouse.rows(f"select * from marts.fct_changes where number = {number}") == []


def test_impossible_measures_are_rejected_rows_with_both_instants(warehouse: FlowWarehouse) -> None:
    rows = warehouse.rows(
        "select number, measure, rule, rejected.started_at, rejected.ended_at "
        "from marts.fct_rejected_rows as rejected join marts.fct_changes on change_key = item_key "
        "order by measure, number"
    )
    late, backwards = SCENARIOS["written_after"].number, SCENARIOS["merged_before_opened"].number
    assert [tuple(row.values()) for row in rows] == [
        (late, "coding_seconds", "end_before_start", on(1), on(0)),
        (backwards, "created_to_merged_seconds", "end_before_start", on(2), on(1)),
        (backwards, "time_to_merge_seconds", "end_before_start", on(2), on(1)),
    ]


def requests_of(warehouse: FlowWarehouse, name: str) -> list[dict[str, Any]]:
    return warehouse.rows(
        "select requests.* from marts.fct_review_requests as requests "
        f"join marts.fct_changes using (change_key) where number = {SCENARIOS[name].number} order by asked_at"
    )


def test_several_people_wait_in_their_own_rows(warehouse: FlowWarehouse) -> None:
    rows = requests_of(warehouse, "asked_two")
    assert [(row["outcome"], hour_of(row["responded_at"])) for row in rows] == [
        ("pending", None),
        ("accepted", 4),
    ]


def test_a_request_in_a_draft_counts_from_the_next_ready(warehouse: FlowWarehouse) -> None:
    (answered,) = requests_of(warehouse, "asked_in_draft")
    assert (hour_of(answered["asked_at"]), hour_of(answered["requested_at"])) == (1, 3)
    assert answered["wait_calendar_seconds"] == 2 * HOUR
    (waiting,) = requests_of(warehouse, "asked_in_vain_in_draft")
    assert (waiting["requested_at"], waiting["outcome"], waiting["sla_state"]) == (None, "pending", None)
    assert waiting["wait_calendar_seconds_null_reason"] == "not_yet"


def test_the_sla_runs_on_working_hours_of_the_team_that_owes_the_answer(warehouse: FlowWarehouse) -> None:
    """Hour 0 is Monday 09:00; the calendar works until 17:00, the figures are true for Tuesday 05:00."""
    states = {
        name: [(row["wait_business_seconds"], row["sla_state"]) for row in requests_of(warehouse, name)]
        for name in ("asked_in_draft", "asked_two", "asked_unknown_team", "request_unanswered")
    }
    assert states == {
        "asked_in_draft": [(2 * HOUR, "met")],
        "asked_two": [(None, "breached"), (2 * HOUR, "met")],
        "asked_unknown_team": [(HOUR, "met")],
        "request_unanswered": [(None, "breached")],
    }


def test_business_seconds_leave_the_night_out(warehouse: FlowWarehouse) -> None:
    """From Monday 09:00 to 12:00 is three hours on either clock; no team, no business time."""
    rows = warehouse.rows(
        "select calendar_seconds, business_seconds, business_seconds_null_reason from marts.fct_stage_visits "
        "join marts.fct_changes on change_key = flow_item_key "
        f"where number = {SCENARIOS['written_before'].number} order by entered_at"
    )
    assert [tuple(row.values()) for row in rows] == [(4 * HOUR, 0, None), (HOUR, HOUR, None)]

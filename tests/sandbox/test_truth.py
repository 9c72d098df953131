from collections import defaultdict
from itertools import pairwise
from pathlib import Path

import duckdb
import pytest

from sandbox.simulation import Simulation
from sandbox.truth import STAGE_ORDER, Track, Visit


def visits_by_item(simulation: Simulation) -> dict[tuple[str, int], list[Visit]]:
    found: dict[tuple[str, int], list[Visit]] = defaultdict(list)
    for visit in simulation.truth.visits():
        found[visit.flow_item_type, visit.flow_item].append(visit)
    return found


def test_visits_of_an_item_follow_each_other_without_overlap_or_empty_stay(simulation: Simulation) -> None:
    for visits in visits_by_item(simulation).values():
        for visit in visits:
            assert visit.exited_at is None or visit.exited_at > visit.entered_at
        for before, after in pairwise(visits):
            assert before.exited_at is not None
            assert before.exited_at <= after.entered_at
            is_ended = before.exit_reason == "abandoned" or before.stage == "resolve"
            assert before.exited_at == after.entered_at or is_ended
            assert before.stage != after.stage or before.exited_at < after.entered_at


def test_visits_and_closings_fill_the_span_of_a_change(simulation: Simulation) -> None:
    visits = visits_by_item(simulation)
    closings = 0
    for change in simulation.changes:
        own = visits.get(("change", change.record.id))
        if own is None:
            continue
        end = change.flow_ended_at or simulation.organisation.end
        inside = sum((visit.exited_at or end) - visit.entered_at for visit in own)
        closed = sum(after.entered_at - (before.exited_at or end) for before, after in pairwise(own))
        closings += closed > 0
        last = own[-1].exited_at or end
        assert inside + closed == last - own[0].entered_at
        assert (own[-1].exited_at is None) == (change.flow_ended_at is None)
    assert closings


def test_an_exit_is_a_return_exactly_where_the_next_stage_comes_earlier(simulation: Simulation) -> None:
    returns = 0
    for visits in visits_by_item(simulation).values():
        for before, after in pairwise(visits):
            if before.exited_at == after.entered_at:
                is_return = STAGE_ORDER[after.stage] < STAGE_ORDER[before.stage]
                assert before.exit_reason == ("returned" if is_return else "advanced")
                returns += is_return
    assert returns


def test_what_happens_within_a_second_leaves_only_its_result() -> None:
    track = Track("change", 1)
    track.enter("build", 100)
    track.enter("review_wait", 200)
    track.enter("ci", 200)
    track.enter("build", 300)
    track.enter("ci", 300)
    track.leave(400, "advanced")
    assert [(visit.stage, visit.entered_at, visit.exited_at) for visit in track.visits()] == [
        ("build", 100, 200),
        ("ci", 200, 400),
    ]


def test_every_mess_that_is_promised_happens(simulation: Simulation) -> None:
    changes = [change for repository in simulation.history.repositories for change in repository.changes]
    kinds = {event.kind for change in changes for event in change.events}
    assert {
        "ready_for_review", "converted_to_draft", "review_requested", "commented", "reviewed",
        "review_dismissed", "force_pushed", "enqueued", "dequeued", "auto_merge_enabled", "merged", "closed",
        "reopened",
    } <= kinds  # fmt: skip
    assert {change.author.kind for change in changes} == {"human", "dependency_bot", "ai_agent"}
    assert any(change.reverts for change in changes)
    assert any(
        len(run.attempts) > 1 for repository in simulation.history.repositories for run in repository.runs
    )
    assert any(len(repository.names) > 1 for repository in simulation.history.repositories)
    assert any(ticket.fields and not ticket.changes for ticket in simulation.history.tickets)
    assert any(change.ticket is None for change in changes if change.author.kind == "human")
    markers = {(change.assisted, change.is_marked) for change in simulation.changes}
    assert {(True, True), (True, False), (False, False)} <= markers


def test_a_rerun_inherits_jobs_with_their_old_times(simulation: Simulation) -> None:
    attempts = [a for r in simulation.history.repositories for run in r.runs for a in run.attempts[1:]]
    inherited = [
        job for a in attempts for job in a.jobs if job.started_at and job.started_at < job.created_at
    ]
    assert inherited


@pytest.mark.parametrize(
    "table",
    [
        *("stage_visits", "handoffs", "changes", "deployments", "deployment_changes", "item_handoffs", "run"),
        *("change_services", "review_events", "ci_jobs", "working_hours", "survey_responses"),
        "assistant_sessions",
    ],
)
def test_the_database_holds_the_truth(simulation: Simulation, tmp_path: Path, table: str) -> None:
    simulation.truth.write(tmp_path / "truth.duckdb")
    with duckdb.connect(str(tmp_path / "truth.duckdb"), read_only=True) as connection:
        count = connection.execute(f"select count(*) from {table}").fetchone()
        columns = connection.execute(f"select column_name, column_type from (describe {table})").fetchall()
        types = dict(columns)
    assert count is not None
    assert count[0] > 0
    assert all(kind.startswith("TIMESTAMP") for name, kind in types.items() if name.endswith("_at"))

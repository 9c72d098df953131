"""Random histories through the models: what must hold for any, and what a slow reading says of each."""

import copy
import random
from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from support.flow_invariants import CHECKS, Check, FlowMarts, Span
from support.handoff_reference import Handoff, Walk
from support.histories import FlowWarehouse
from support.item_reference import incident_visits, ticket_visits
from support.items import rows_of_deployments, rows_of_features, rows_of_incidents, rows_of_tickets
from support.random_histories import random_organisation
from support.random_items import (
    random_deployments,
    random_features,
    random_incidents,
    random_tickets,
)
from support.reference import STAGE_ORDER, Interpreter, Visit

HISTORIES = 400
TICKETS, INCIDENTS, FEATURES = 190, 95, 40
SPANS = """
select
    changes.change_key as key, build_started_at as started_at, closed_seconds,
    case
        when changes.state = 'closed' then closed_at
        when changes.deployed_at is null then delivery.flow_ended_at
        when exposed_at is not null and coalesce(adopted_at_null_reason, '') <> 'not_yet'
            then greatest(merged_at, changes.deployed_at, exposed_at, adopted_at)
    end as ended_at
from marts.fct_changes as changes
left join intermediate.int_delivery__change_milestones as delivery on changes.change_key = delivery.change_key
union all
select work_item_key, created_at, closed_seconds, coalesce(done_at, rejected_at) from marts.fct_work_items
union all
select incident_key, least(started_at, triggered_at), closed_seconds, resolved_at from marts.fct_incidents
"""
HANDOFF_COLUMNS = ("mechanism", "to_role", "round_number", "requested_at", "accepted_at")
OUTCOMES = {"accepted", "withdrawn", "superseded", "pending"}


def read_marts(warehouse: FlowWarehouse) -> FlowMarts:
    spans = warehouse.rows(SPANS)
    return FlowMarts(
        spans={row["key"]: Span(row["started_at"], row["ended_at"], row["closed_seconds"]) for row in spans},
        visits=warehouse.rows("select * from marts.fct_stage_visits"),
        handoffs=warehouse.rows("select * from marts.fct_handoffs"),
        daily=warehouse.rows("select * from marts.fct_flow_daily"),
    )


class Batch:
    """One random organisation, transformed once."""

    def __init__(self, warehouse: FlowWarehouse) -> None:
        self.warehouse = warehouse
        generator = random.Random(1)
        self.changes, self.organisation = random_organisation(generator, HISTORIES)
        self.tickets = random_tickets(generator, self.changes, TICKETS)
        self.incidents = random_incidents(generator, INCIDENTS)
        self.features = random_features(generator, self.changes, FEATURES)
        self.organisation.items = {
            **rows_of_tickets(self.tickets),
            **rows_of_incidents(self.incidents),
            **rows_of_features(self.features),
            **rows_of_deployments(random_deployments(generator, self.changes)),
        }
        warehouse.write(self.changes, self.organisation)
        warehouse.transform()
        self.marts = read_marts(warehouse)


@pytest.fixture(scope="module")
def batch(prepared_warehouse: FlowWarehouse, tmp_path_factory: pytest.TempPathFactory) -> Batch:
    return Batch(prepared_warehouse.copy_to(tmp_path_factory.mktemp("random") / "copy"))


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_invariant_holds_on_random_histories(batch: Batch, check: Check) -> None:
    assert list(check(batch.marts)) == []


def published_visits(batch: Batch) -> dict[str, list[Visit]]:
    """Visits, by the source's id of the change, as the mart tells them."""
    visits: dict[str, list[Visit]] = {change.id: [] for change in batch.changes}
    for row in batch.warehouse.rows(
        "select changes.source_id, stages.stage, visits.entered_at, visits.exited_at, visits.exit_reason "
        "from marts.fct_stage_visits as visits "
        "join marts.fct_changes as changes on visits.flow_item_key = changes.change_key "
        "join marts.dim_stage as stages using (stage_key) order by visits.entered_at"
    ):
        visits[row["source_id"]].append(
            Visit(row["stage"], row["entered_at"], row["exited_at"], row["exit_reason"])
        )
    return visits


def published_item_visits(batch: Batch, item_type: str, facts: str) -> dict[str, list[Visit]]:
    """Visits of items other than changes, by the source's id."""
    visits: dict[str, list[Visit]] = defaultdict(list)
    for row in batch.warehouse.rows(
        "select items.source_id, stages.stage, visits.entered_at, visits.exited_at, visits.exit_reason "
        f"from marts.fct_stage_visits as visits join marts.{facts} as items "
        f"on visits.flow_item_key = items.{item_type}_key "
        f"join marts.dim_stage as stages using (stage_key) where visits.flow_item_type = '{item_type}' "
        "order by visits.entered_at"
    ):
        visits[row["source_id"]].append(
            Visit(row["stage"], row["entered_at"], row["exited_at"], row["exit_reason"])
        )
    return visits


def test_every_visit_of_a_ticket_is_as_a_slow_reading_of_the_rules_says(batch: Batch) -> None:
    changes = published_visits(batch)
    published = published_item_visits(batch, "work_item", "fct_work_items")
    expected = {ticket.id: ticket_visits(ticket, changes) for ticket in batch.tickets}
    assert {key: visits for key, visits in expected.items() if visits != published[key]} == {}
    stages = {visit.stage for visits in expected.values() for visit in visits}
    assert stages >= {"decide", "pull_wait", "build", "review_wait", "rework", "ci", "merge_wait", "qa"}


def test_every_visit_of_an_incident_is_as_a_slow_reading_of_the_rules_says(batch: Batch) -> None:
    by_number = {incident.number: incident for incident in batch.incidents}
    published = published_item_visits(batch, "incident", "fct_incidents")
    roots = [incident for incident in batch.incidents if incident.merged_into is None]
    expected = {incident.id: incident_visits(incident, by_number) for incident in roots}
    assert {key: visits for key, visits in expected.items() if visits != published[key]} == {}
    assert published.keys() == {key for key, visits in expected.items() if visits}
    stages = {visit.stage for visits in expected.values() for visit in visits}
    assert stages == {"detect", "acknowledge", "mitigate", "resolve"}


def test_changes_go_on_to_their_customers(batch: Batch) -> None:
    """Each deployed change waits for its flag and its customers for as long as its milestones say."""
    rows = batch.warehouse.rows(
        "select stages.stage, visits.entered_at, visits.exited_at, exposed_at, adopted_at,"
        " greatest(merged_at, deployed_at) as live_at from marts.fct_stage_visits as visits"
        " join marts.fct_changes as changes on visits.flow_item_key = changes.change_key"
        " join marts.dim_stage as stages using (stage_key) where stage in ('exposure_wait', 'adoption')"
    )
    for row in rows:
        is_wait = row["stage"] == "exposure_wait"
        assert row["entered_at"] == (row["live_at"] if is_wait else max(row["exposed_at"], row["live_at"]))
        assert row["exited_at"] == (row["exposed_at"] if is_wait else row["adopted_at"])
    assert {row["stage"] for row in rows} == {"exposure_wait", "adoption"}


def test_every_visit_is_as_a_slow_reading_of_the_rules_says(batch: Batch) -> None:
    interpreter = Interpreter(batch.changes, batch.organisation)
    published = {
        key: [visit for visit in visits if visit.stage in STAGE_ORDER]
        for key, visits in published_visits(batch).items()
    }
    wrong = {
        change.id: (published[change.id], interpreter.visits(change))
        for change in batch.changes
        if published[change.id] != interpreter.visits(change)
    }
    assert wrong == {}


def test_closed_time_is_as_a_slow_reading_of_the_rules_says(batch: Batch) -> None:
    interpreter = Interpreter(batch.changes, batch.organisation)
    rows = batch.warehouse.rows("select source_id, closed_seconds from marts.fct_changes")
    closed = {row["source_id"]: row["closed_seconds"] for row in rows}
    assert closed == {change.id: interpreter.closed_seconds(change) for change in batch.changes}


def published_handoffs(batch: Batch) -> dict[str, set[Handoff]]:
    """Handoffs before the merge, by the source's id of the change, as the mart tells them."""
    handoffs: dict[str, set[Handoff]] = {change.id: set() for change in batch.changes}
    for row in batch.warehouse.rows(
        "select changes.source_id, handoffs.*, accounts.login "
        "from marts.fct_handoffs as handoffs "
        "join marts.fct_changes as changes on handoffs.flow_item_key = changes.change_key "
        "left join intermediate.int_people__accounts as accounts "
        "on handoffs.to_person_key = accounts.person_key "
        "where handoffs.mechanism in ('review_request', 'review_verdict')"
    ):
        handoffs[row["source_id"]].add(
            Handoff(*(row[column] for column in HANDOFF_COLUMNS), outcome=row["outcome"], taker=row["login"])
        )
    return handoffs


def test_every_handoff_is_as_a_slow_reading_of_the_rules_says(batch: Batch) -> None:
    interpreter = Interpreter(batch.changes, batch.organisation)
    published = published_handoffs(batch)
    expected = {change.id: Walk(interpreter, change).handoffs() for change in batch.changes}
    wrong = {key: (published[key], expected[key]) for key in expected if published[key] != expected[key]}
    assert wrong == {}
    assert {handoff.outcome for its in expected.values() for handoff in its} == OUTCOMES


def test_every_rule_decides_some_visit_of_the_random_histories(batch: Batch) -> None:
    rows = batch.warehouse.rows("select distinct deciding_rule from intermediate.int_flow__change_states")
    assert {row["deciding_rule"] for row in rows} == {0, 1, 2, 3, 4, 5, 6}


def mart_rows(warehouse: FlowWarehouse) -> dict[str, list[dict[str, Any]]]:
    names = (
        "fct_changes",
        "fct_work_items",
        "fct_incidents",
        "fct_feature_adoption",
        "dim_feature",
        "fct_stage_visits",
        "fct_handoffs",
        "fct_review_requests",
        "fct_flow_daily",
        "fct_rejected_rows",
    )
    return {name: warehouse.rows(f"select * from marts.{name} order by all") for name in names}


def test_row_order_of_the_source_changes_nothing(batch: Batch) -> None:
    before = mart_rows(batch.warehouse)
    batch.warehouse.write(batch.changes, batch.organisation, shuffle=random.Random(7))
    batch.warehouse.transform()
    assert mart_rows(batch.warehouse) == before


def shifted(row: dict[str, Any], column: str, seconds: int) -> None:
    row[column] += timedelta(seconds=seconds)


def finished(marts: FlowMarts) -> dict[str, Any]:
    """A visit of an item with several, which another one follows without a pause."""
    for key, visits in marts.by_item().items():
        for first, second in pairwise(visits):
            if first["exited_at"] == second["entered_at"] and marts.spans[key].ended_at:
                return first
    raise AssertionError("no such visit")


def overlap(marts: FlowMarts) -> None:
    shifted(finished(marts), "exited_at", 1)


def gap(marts: FlowMarts) -> None:
    shifted(finished(marts), "exited_at", -1)


def lost_second(marts: FlowMarts) -> None:
    finished(marts)["calendar_seconds"] -= 1


def empty_visit(marts: FlowMarts) -> None:
    visit = finished(marts)
    visit["exited_at"] = visit["entered_at"]


def split_visit(marts: FlowMarts) -> None:
    visit = finished(marts)
    its = marts.by_item()[visit["flow_item_key"]]
    following = next(other for other in its if other["entered_at"] == visit["exited_at"])
    following["stage_key"] = visit["stage_key"]


def open_before_the_last(marts: FlowMarts) -> None:
    finished(marts)["exited_at"] = None


def doubled_handoff(marts: FlowMarts) -> None:
    marts.handoffs.append(marts.handoffs[0])


def handed_to_oneself(marts: FlowMarts) -> None:
    row = next(row for row in marts.handoffs if row["mechanism"] == "review_request")
    row["to_person_key"] = row["from_person_key"]


def accepted_without_acceptance(marts: FlowMarts) -> None:
    next(row for row in marts.handoffs if row["outcome"] == "accepted")["accepted_at"] = None


def departure_forgotten(marts: FlowMarts) -> None:
    next(row for row in marts.daily if row["departures"])["departures"] -= 1


def open_item_forgotten(marts: FlowMarts) -> None:
    last_day = max(row["date_day"] for row in marts.daily)
    marts.daily.remove(next(row for row in marts.daily if row["date_day"] == last_day and row["wip_open"]))


def arrival_forgotten(marts: FlowMarts) -> None:
    next(row for row in marts.daily if row["arrivals"])["arrivals"] -= 1


DEFECTS: dict[str, Callable[[FlowMarts], None]] = {
    "visits_do_not_overlap": overlap,
    "visits_leave_no_gap_but_closed_time": gap,
    "visits_and_closed_time_add_up": lost_second,
    "no_visit_is_empty": empty_visit,
    "equal_neighbours_are_one_visit": split_visit,
    "one_visit_at_most_is_open": open_before_the_last,
    "handoffs_are_one_per_round": doubled_handoff,
    "nobody_hands_over_to_themselves": handed_to_oneself,
    "handoffs_wait_forwards": accepted_without_acceptance,
    "flow_is_conserved": departure_forgotten,
    "all_that_is_open_is_counted": open_item_forgotten,
    "arrivals_are_visits": arrival_forgotten,
}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_invariant_fails_on_a_seeded_defect(batch: Batch, check: Check) -> None:
    marts = copy.deepcopy(batch.marts)
    DEFECTS[check.__name__](marts)
    assert list(check(marts)) != []


def test_slow_reading_fails_on_a_wrong_rule(batch: Batch) -> None:
    """An interpreter that forgets one rule disagrees with the marts: the comparison can fail."""

    class Forgetful(Interpreter):
        def _is_sent_back(self, _past: list[Any]) -> bool:
            return False

    interpreter = Forgetful(batch.changes, batch.organisation)
    published = published_visits(batch)
    assert any(published[change.id] != interpreter.visits(change) for change in batch.changes)


def test_slow_reading_of_handoffs_fails_on_a_wrong_rule(batch: Batch) -> None:
    """A walk in which anybody answers for anybody disagrees with the marts."""

    class Careless(Walk):
        def _answers(self, _: str, __: str) -> bool:
            return True

    interpreter = Interpreter(batch.changes, batch.organisation)
    published = published_handoffs(batch)
    assert any(published[change.id] != Careless(interpreter, change).handoffs() for change in batch.changes)

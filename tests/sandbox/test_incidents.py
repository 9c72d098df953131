"""What becomes of incidents in a simulation: whom the pager asks, what is merged, what comes back."""

from collections import Counter

import pytest

from sandbox.history import Incident
from sandbox.scenario import Size, load_scenario
from sandbox.simulation import Simulation, simulate
from sandbox.simulation.paging import PATIENCE_SECONDS


@pytest.fixture(scope="module")
def troubled() -> Simulation:
    return simulate(load_scenario("incident_heavy"), Size(teams=4, developers_per_team=3), weeks=12)


def rows(simulation: Simulation, table: str) -> list[tuple[object, ...]]:
    return list(simulation.truth.rows(table))


def test_incidents_are_passed_on_merged_and_reopened(troubled: Simulation) -> None:
    kinds = Counter(event.kind for incident in troubled.history.incidents for event in incident.events)
    assert {"escalated", "merged", "reopened", "mitigated", "resolved"} <= set(kinds)
    by_hand = Counter(
        (event.kind, event.actor is None)
        for incident in troubled.history.incidents
        for event in incident.events
        if event.kind in {"assigned", "escalated"}
    )
    assert len(by_hand) == 4
    outcomes = {row[2:3] + row[-2:-1] for row in rows(troubled, "item_handoffs") if row[0] == "incident"}
    assert {("incident_escalation", "accepted"), ("incident_escalation", "superseded")} <= outcomes


def test_the_pager_asks_somebody_else_each_time_that_nobody_answers(troubled: Simulation) -> None:
    for incident in troubled.history.incidents:
        asked_at, asked = incident.triggered_at, None
        for event in incident.events:
            if event.kind == "escalated" and event.actor is None:
                assert event.at == asked_at + PATIENCE_SECONDS
                assert event.subject != asked
            if event.kind == "acknowledged":
                assert event.actor == asked
            if event.kind in {"assigned", "escalated"}:
                asked_at, asked = event.at, event.subject


def test_pages_for_one_trouble_are_one_incident_from_the_first_of_them_on(troubled: Simulation) -> None:
    pages: dict[object, list[tuple[object, ...]]] = {}
    for row in rows(troubled, "pages"):
        pages.setdefault(row[1], []).append(row)
    visits = {
        visit.flow_item: visit
        for visit in troubled.truth.visits()
        if visit.flow_item_type == "incident" and visit.stage == "acknowledge"
    }
    firsts = set()
    for incident, _, _, triggered_at, *_ in rows(troubled, "incidents"):
        first = min(pages[incident], key=lambda page: page[3])
        assert first[3] == triggered_at == visits[incident].entered_at
        firsts.add((len(pages[incident]), first[0] == incident))
    assert firsts == {(1, True), (2, True), (2, False)}


def test_what_is_merged_names_an_incident_that_somebody_has(troubled: Simulation) -> None:
    for echo in troubled.history.incidents:
        for event in echo.events:
            if event.kind == "merged":
                assert isinstance(event.subject, Incident)
                taken = [other.at for other in event.subject.events if other.kind == "acknowledged"]
                assert taken[0] < event.at


def test_a_reopened_incident_is_mended_once_more(troubled: Simulation) -> None:
    resolved = Counter(row[0] for row in rows(troubled, "resolutions"))
    mended = Counter(
        visit.flow_item
        for visit in troubled.truth.visits()
        if visit.flow_item_type == "incident" and visit.stage == "mitigate"
    )
    assert set(resolved.values()) == {1, 2}
    assert {incident: mended[incident] for incident in resolved} == resolved

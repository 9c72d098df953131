"""PagerDuty's surface: an independent client and the connector see what the history holds."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ingestion.connector import Extraction
from ingestion.connectors.pagerduty import CONNECTOR
from ingestion.connectors.pagerduty.settings import PagerDutySettings, client
from ingestion.identity import EmailHasher
from sandbox.calendar import isoformat
from sandbox.history import Account
from sandbox.simulation import Simulation
from sandbox.vendor import TOKEN

pagerduty = pytest.importorskip("pagerduty")

ALL = {"date_range": "all"}
STATES = {"acknowledged", "resolved"}
GIVEN = {"assigned": "assign_log_entry", "escalated": "escalate_log_entry"}


@pytest.fixture
def sandbox(serve: Callable[..., Any]) -> Any:
    return serve(vendor_names=("pagerduty",)).sandbox


@pytest.fixture
def reader(sandbox: Any) -> Any:
    """The client, which takes https addresses only; what it sends goes to the loopback as http."""

    def unencrypted(request: Any) -> None:
        request.url = request.url.copy_with(scheme="http")

    address = sandbox.url.replace("http://", "https://")
    return pagerduty.RestApiV2Client(TOKEN, base_url=address, event_hooks={"request": [unencrypted]})


def asked(sandbox: Any, path: str, token: str = TOKEN) -> tuple[int, Any, Any]:
    request = urllib.request.Request(sandbox.url + path, headers={"Authorization": f"Token token={token}"})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.headers, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, error.headers, json.loads(error.read())


def test_an_independent_client_sees_the_same_incidents(reader: Any, simulation: Simulation) -> None:
    seen = {each["incident_number"]: each for each in reader.iter_all("incidents", params=ALL, page_size=3)}
    told = [each for each in simulation.history.incidents if each.triggered_at <= simulation.shown_end]
    assert sorted(seen) == [each.number for each in told]
    assert told
    for incident in told:
        shown = seen[incident.number]
        happened = [event for event in incident.events if event.at <= simulation.shown_end]
        merged = [event.subject for event in happened if event.kind == "merged"]
        states = [event.kind for event in happened if event.kind != "mitigated"]
        status = "resolved" if merged else states[-1] if states[-1] in STATES else "triggered"
        assert shown["status"] == status
        assert bool(shown["assignments"]) == (status != "resolved")
        assert bool(shown["acknowledgements"]) == (status == "acknowledged")
        named = (shown["resolve_reason"] or {}).get("incident")
        assert (named and named["id"]) == (f"Q{merged[0].id:013d}" if merged else None)
        assert shown["created_at"] == isoformat(incident.triggered_at)
        assert (shown["service"]["summary"], shown["urgency"]) == (incident.service, incident.severity)
        assert reader.rget(f"/incidents/{shown['id']}")["id"] == shown["id"]


def test_an_independent_client_sees_who_did_what(reader: Any, simulation: Simulation) -> None:
    users = {each["id"]: each for each in reader.iter_all("users")}
    entries = list(reader.iter_all("log_entries", params={**ALL, "is_overview": "false"}))
    by_incident: dict[str, list[Any]] = defaultdict(list)
    for entry in reversed(entries):
        by_incident[entry["incident"]["id"]].append(entry)
    for incident in simulation.history.incidents:
        log = by_incident[f"Q{incident.id:013d}"]
        for event in incident.events:
            if event.kind in {*GIVEN, "acknowledged"} and event.at <= simulation.shown_end:
                kind = GIVEN.get(event.kind, "acknowledge_log_entry")
                entry = next(e for e in log if (e["type"], e["created_at"]) == (kind, isoformat(event.at)))
                person = event.subject if event.kind in GIVEN else event.actor
                shown = entry["assignees"][0] if event.kind in GIVEN else entry["agent"]
                assert isinstance(person, Account)
                assert users[shown["id"]]["name"] == person.signature.name
    assert {each["name"] for each in reader.iter_all("services")} == {
        each.name for each in simulation.organisation.services
    }
    assert len({each["email"] for each in users.values()}) == len(simulation.organisation.people)


def test_what_is_still_to_come_is_not_shown(sandbox: Any, simulation: Simulation) -> None:
    later = [each for each in simulation.history.incidents if each.triggered_at > simulation.shown_end]
    before = asked(sandbox, "/incidents?date_range=all&total=true")[2]["total"]
    sandbox.clock.move_to(later[0].triggered_at)
    status, _, answer = asked(sandbox, "/incidents?date_range=all&total=true&limit=100")
    assert (status, answer["total"]) == (200, before + 1)
    assert answer["incidents"][-1]["status"] == "triggered"


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("since=2025-01-01T00:00:00Z&until=2025-08-01T00:00:00Z", "6 months"),
        ("offset=9950&limit=100", "10000"),
    ],
)
def test_what_pagerduty_refuses_is_refused(query: str, reason: str, sandbox: Any) -> None:
    status, _, answer = asked(sandbox, f"/incidents?{query}")
    assert status == 400
    assert reason in answer["error"]["errors"][0]


def test_times_without_a_zone_are_the_accounts(sandbox: Any, simulation: Simulation) -> None:
    at = isoformat(simulation.history.incidents[0].triggered_at)
    plain = at.removesuffix("Z")
    until = "until=2026-06-01T00:00:00Z"
    assert asked(sandbox, f"/incidents?since={plain}&{until}&time_zone=UTC&total=true")[2]["total"] > 0
    first = asked(sandbox, f"/incidents?since={plain}&{until}&time_zone=UTC")[2]["incidents"][0]
    elsewhere = asked(sandbox, f"/incidents?since={plain}&{until}")[2]["incidents"]
    assert first["created_at"] == at
    assert not elsewhere or elsewhere[0]["created_at"] != at


def test_the_limit_of_a_minute_is_told_and_enforced(serve: Callable[..., Any]) -> None:
    sandbox = serve(vendor_names=("pagerduty",), hourly_limit=120).sandbox
    status, headers, _ = asked(sandbox, "/services")
    assert (status, headers["ratelimit-limit"], headers["ratelimit-remaining"]) == (200, "2", "1")
    asked(sandbox, "/services")
    status, headers, _ = asked(sandbox, "/services")
    assert (status, headers["ratelimit-remaining"]) == (429, "0")
    assert 0 < int(headers["ratelimit-reset"]) <= 61


@pytest.mark.parametrize(
    ("path", "token", "expected"),
    [("/users", "wrong", 401), ("/incidents/Q404", TOKEN, 404), ("/teams", TOKEN, 404)],
)
def test_refusals_have_pagerdutys_shape(path: str, token: str, expected: int, sandbox: Any) -> None:
    status, _, answer = asked(sandbox, path, token)
    assert status == expected
    assert set(answer["error"]) == {"code", "message"}


def connector_rows(sandbox: Any, state: dict[str, Any]) -> dict[str, dict[str, Any]]:
    given = PagerDutySettings.model_validate(
        {"name": "a", "connector": "pagerduty", "base_url": sandbox.url, "token": TOKEN}
        | {"history_start": "2026-01-01"}
    )
    extraction = Extraction(
        settings=given,
        http=client(given, sleep=lambda _seconds: None),
        state=state,
        started_at=datetime(2026, 11, 1, tzinfo=UTC),
        workspace=Path(),
        hash_email=EmailHasher(b"key"),
    )
    return {
        f"{page.table} {row['id']}": dict(row)
        for page in CONNECTOR.extract(extraction)
        for row in page.rows  # type: ignore[union-attr]
    }


def test_runs_as_the_clock_moves_give_what_one_run_at_the_end_gives(
    sandbox: Any, simulation: Simulation
) -> None:
    state: dict[str, Any] = {}
    seen = connector_rows(sandbox, state)
    for incident in simulation.history.incidents:
        for event in incident.events:
            if sandbox.clock.now < event.at <= sandbox.clock.end:
                sandbox.clock.move_to(event.at)
                seen |= connector_rows(sandbox, state)
    assert seen == connector_rows(sandbox, {})


def test_faults_change_nothing_of_what_is_read(sandbox: Any) -> None:
    calm = connector_rows(sandbox, {})
    for kind in ("429", "502", "duplicates"):
        sandbox.surfaces["pagerduty"].faults.replace([{"kind": kind, "every": 2, "seconds": 1}])
        assert connector_rows(sandbox, {}) == calm

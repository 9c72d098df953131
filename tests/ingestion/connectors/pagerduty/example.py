"""A small account in three states, for the conformance suite."""

from __future__ import annotations

from typing import Any

from ingestion.conformance import Example, Listing, Request, Response, State, Surface, rest
from ingestion.connectors.pagerduty import CONNECTOR

Row = dict[str, Any]


def _reference(identity: str, kind: str, summary: str) -> Row:
    return {"id": identity, "type": f"{kind}_reference", "summary": summary}


def _incident(number: int, at: str, status: str = "resolved", **more: Any) -> Row:
    return {
        "id": f"Q{number}",
        "type": "incident",
        "incident_number": number,
        "title": f"Incident {number} hurts",
        "created_at": at,
        "updated_at": at,
        "status": status,
        "urgency": "high",
        "priority": None,
        "service": _reference("PS1", "service", "checkout"),
        "last_status_change_at": at,
        "resolve_reason": None,
        **more,
    }


def _entry(number: int, of: int, kind: str, at: str, **more: Any) -> Row:
    return {
        "id": f"R{number}",
        "type": f"{kind}_log_entry",
        "summary": f"Entry {number} says something",
        "created_at": at,
        "agent": _reference(f"P{number % 3 + 1}", "user", f"User {number % 3 + 1}"),
        "channel": {"type": "website"},
        "service": _reference("PS1", "service", "checkout"),
        "incident": _reference(f"Q{of}", "incident", f"Incident {of} hurts"),
        **more,
    }


FIRST = [
    _incident(1, "2026-01-05T10:00:00Z", priority={"id": "PP1", "name": "P1"}),
    _incident(2, "2026-01-06T10:00:00Z", "triggered"),
    _incident(3, "2026-01-07T10:00:00Z", resolve_reason={
        "type": "merge_resolve_reason", "incident": _reference("Q2", "incident", "Incident 2 hurts")
    }),
    _incident(4, "2026-01-08T10:00:00Z", "acknowledged"),
]  # fmt: skip
LATER = [
    FIRST[0],
    {**FIRST[1], "status": "resolved", "updated_at": "2026-02-01T06:02:00Z"},
    *FIRST[2:],
    _incident(5, "2026-02-01T06:03:00Z", "triggered"),
]
ENTRIES = [
    _entry(1, 1, "trigger", "2026-01-05T10:00:00Z", agent=_reference("PS1", "service", "checkout")),
    _entry(2, 1, "resolve", "2026-01-05T11:00:00Z"),
    _entry(3, 2, "escalate", "2026-01-06T10:30:00Z", assignees=[_reference("P2", "user", "User 2")]),
    _entry(4, 3, "resolve", "2026-01-07T11:00:00Z"),
    _entry(5, 4, "acknowledge", "2026-01-08T10:05:00Z"),
]
NEW_ENTRIES = [
    _entry(6, 2, "resolve", "2026-02-01T06:02:00Z"),
    _entry(7, 5, "trigger", "2026-02-01T06:03:00Z", agent=_reference("PS1", "service", "checkout")),
]
USERS = [
    {"id": f"P{number}", "type": "user", "name": f"User {number}", "email": f"user{number}@acme.example"}
    for number in range(1, 5)
]
SERVICES = [
    {"id": f"PS{number}", "name": name, "status": "active", "created_at": "2025-01-01T00:00:00Z"}
    for number, name in enumerate(("checkout", "search", "payments", "catalog"), start=1)
]


def surface(state: State) -> Surface:
    """The account's API."""
    incidents = FIRST if state == "first" else LATER
    entries = ENTRIES if state == "first" else [*ENTRIES, *NEW_ENTRIES]

    def listing(rows: list[Row], at: str, **more: Any) -> Listing:
        return Listing(rows, at, "offset", "more", "offset", "limit", "total", **more)

    def incident(_request: Request, identity: str) -> Response:
        found = [each for each in incidents if each["id"] == identity]
        return Response.of_json({"incident": found[0]}) if found else Response.of_json({}, 404)

    since = {"since": "created_at"}
    return rest(
        {
            "/incidents": listing(incidents, "incidents", since=since),
            "/incidents/(.+)": incident,
            "/log_entries": listing(entries, "log_entries", since=since),
            "/users": listing(USERS, "users"),
            "/services": listing(SERVICES[:3] if state == "pruned" else SERVICES, "services"),
        },
        token="the-key-of-pagerduty",
    )


EXAMPLE = Example(
    connector=CONNECTOR,
    connection={"token": "the-key-of-pagerduty", "history_start": "2026-01-01"},
    rows={"incidents": 4, "log_entries": 5, "users": 4, "services": 4},
    surface=surface,
    drift={"incidents": "incident_number", "log_entries": "channel.type", "users": "name"},
)

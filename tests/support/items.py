"""Histories of tickets, incidents and features in canonical words, around those of `support.histories`.

A test states what happened to each; `rows_of_…` says so in canonical rows. What the marts should hold is
decided by `support.item_reference` and the tests themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

Rows = dict[str, list[dict[str, Any]]]

MINUTE = timedelta(minutes=1)
STATUSES = {
    "Idea": "idea",
    "Next": "ready",
    "Doing": "started",
    "Testing": "qa",
    "Done": "done",
    "No": "rejected",
}
"""Status of the tests' tracker -> what the settings say that it means."""


class FieldValue(NamedTuple):
    """A field's value from an instant on; accounts are logins, None is nobody or nothing."""

    field: str
    at: datetime
    value: str | None


@dataclass
class Ticket:
    """A ticket, the values that its fields took after the creation, and the numbers of its changes."""

    number: int
    created_at: datetime
    reporter: str = "dot"
    values: list[FieldValue] = field(default_factory=list)
    changes: list[int] = field(default_factory=list)
    method: str = "branch"

    @property
    def id(self) -> str:
        return f"t{self.number}"

    def history(self, name: str) -> list[FieldValue]:
        """The values of one field in order; those of one second in the order in which they are listed."""
        return sorted((each for each in self.values if each.field == name), key=lambda each: each.at)


def rows_of_tickets(tickets: Iterable[Ticket]) -> Rows:
    """Canonical rows of tickets, their events and their links."""
    made = list(tickets)
    return {
        "canonical.work_items": [_ticket_row(ticket) for ticket in made],
        "canonical.work_item_events": [row for ticket in made for row in _value_rows(ticket)],
        "canonical.work_item_changes": [
            {
                "source_id": f"c{number}:{ticket.id}:{ticket.method}",
                "work_item": f"TEST-{ticket.number}",
                "change": f"c{number}",
                "method": ticket.method,
            }
            for ticket in made
            for number in ticket.changes
        ],
        "raw_flowgauge.tracker_statuses": [
            {"project": "TEST", "status": status, "ticket_stage": stage} for status, stage in STATUSES.items()
        ],
    }


@dataclass
class Incident:
    """An incident of the service `checkout`: its events in any order, and what it was merged into."""

    number: int
    triggered_at: datetime
    started_at: datetime | None = None
    events: list[tuple[str, datetime]] = field(default_factory=list)
    merged_into: int | None = None

    @property
    def id(self) -> str:
        return f"i{self.number}"


@dataclass
class Feature:
    """A feature: its changes, the steps of its flag (at, is on for everybody), uses (at, customer)."""

    name: str
    has_flag: bool
    has_key_event: bool
    changes: list[int] = field(default_factory=list)
    steps: list[tuple[datetime, bool]] = field(default_factory=list)
    uses: list[tuple[datetime, str]] = field(default_factory=list)


CUSTOMERS = tuple(f"customer-{number}" for number in range(12))


def rows_of_incidents(incidents: Iterable[Incident]) -> Rows:
    """Canonical rows of incidents and their events."""
    made = list(incidents)
    return {
        "canonical.incidents": [
            {
                "source_id": each.id,
                "number": each.number,
                "service_hint": "checkout",
                "status": "triggered",
                "started_at": each.started_at,
                "triggered_at": each.triggered_at,
                "merged_into": None if each.merged_into is None else f"i{each.merged_into}",
            }
            for each in made
        ],
        "canonical.incident_events": [
            {
                "source_id": f"{each.id}-{place:03}",
                "incident": each.id,
                "type": kind,
                "occurred_at": at,
                "actor_account": "a-dot",
                "subject_account": "a-cyd" if kind == "escalated" else None,
                "exactness": "exact",
            }
            for each in made
            for place, (kind, at) in enumerate(each.events)
        ],
    }


def rows_of_features(features: Iterable[Feature]) -> Rows:
    """Rows of features as the settings declare them, of their flags, customers and what these did."""
    made = list(features)
    return {
        "raw_flowgauge.features": [
            {
                "feature": each.name,
                "flag": f"{each.name}-flag" if each.has_flag else None,
                "key_event": f"{each.name}-used" if each.has_key_event else None,
                "times": 1,
                "within_days": 30,
            }
            for each in made
        ],
        "canonical.feature_items": [
            {
                "source_id": f"{each.name}:{number}",
                "feature": each.name,
                "change": f"c{number}",
                "method": "api",
            }
            for each in made
            for number in each.changes
        ],
        "canonical.feature_flags": [
            {"source_id": each.name, "key": f"{each.name}-flag"} for each in made if each.has_flag
        ],
        "canonical.feature_flag_events": [
            {
                "source_id": f"{each.name}-{place:03}",
                "flag": each.name,
                "key": f"{each.name}-flag",
                "type": "rollout_changed" if is_on else "switched_off",
                "is_enabled": is_on,
                "enabled_share": 1.0,
                "occurred_at": at,
                "exactness": "exact",
            }
            for each in made
            for place, (at, is_on) in enumerate(each.steps)
        ],
        "canonical.customer_accounts": [{"source_id": customer} for customer in CUSTOMERS],
        "canonical.product_events_daily": [
            {
                "source_id": f"{each.name}-{place:03}",
                "customer_account": customer,
                "event_name": f"{each.name}-used",
                "day": at.date(),
                "event_count": 1,
                "first_event_at": at,
                "last_event_at": at,
            }
            for each in made
            for place, (at, customer) in enumerate(each.uses)
        ],
    }


def rows_of_deployments(deployments: Iterable[tuple[str, str, datetime]]) -> Rows:
    """Successful deployments to production of (id, sha, finished at), a minute long each."""
    made = list(deployments)
    return {
        "canonical.deployments": [
            {
                "source_id": name,
                "repository": "r1",
                "environment": "production",
                "is_production": True,
                "sha": sha,
                "created_at": at - MINUTE,
                "started_at": at - MINUTE,
                "finished_at": at,
                "status": "success",
            }
            for name, sha, at in made
        ],
        "canonical.deployment_events": [
            {
                "source_id": f"{name}-{kind}",
                "deployment": name,
                "repository": "r1",
                "type": kind,
                "occurred_at": at - MINUTE * (kind == "created"),
                "exactness": "exact",
            }
            for name, _, at in made
            for kind in ("created", "succeeded")
        ],
    }


def _ticket_row(ticket: Ticket) -> dict[str, Any]:
    statuses = ticket.history("status")
    assignees = ticket.history("assignee")
    return {
        "source_id": ticket.id,
        "project": "p1",
        "project_key": "TEST",
        "key": f"TEST-{ticket.number}",
        "type": "feature",
        "status": statuses[-1].value if statuses else "Idea",
        "status_name": statuses[-1].value if statuses else "Idea",
        "reporter_account": f"a-{ticket.reporter}",
        "assignee_account": _stored(assignees[-1]) if assignees else None,
        "created_at": ticket.created_at,
    }


def _value_rows(ticket: Ticket) -> Iterator[dict[str, Any]]:
    for name, first in (("status", "Idea"), ("assignee", None), ("sprint", None), ("due_at", None)):
        before = first
        for place, each in enumerate(ticket.history(name)):
            after = _stored(each)
            yield {
                "source_id": f"{ticket.id}-{name}-{place:03}",
                "work_item": ticket.id,
                "field": name,
                "from_value": before,
                "to_value": after,
                "to_name": after if name == "status" else None,
                "from_name": before if name == "status" else None,
                "occurred_at": each.at,
                "exactness": "exact",
            }
            before = after


def _stored(each: FieldValue) -> str | None:
    return f"a-{each.value}" if each.field == "assignee" and each.value else each.value

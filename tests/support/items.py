"""Histories of tickets in canonical words: what stands around the changes of `support.histories`.

A test states which values a ticket's fields took and which changes belong to it; `rows_of_tickets` says so in
canonical rows. What the marts should hold is decided by `support.item_reference` and the tests themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

Rows = dict[str, list[dict[str, Any]]]

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

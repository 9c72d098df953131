"""A small Jira for the conformance suite: the sandbox's surface over a few tickets, in three states."""

from __future__ import annotations

from support.jira import TOKEN, SmallJira, at

from ingestion.conformance import Example, State, Surface
from ingestion.connectors.jira import CONNECTOR


def surface(state: State) -> Surface:
    """Later a ticket is decided and one is new; then another is deleted."""
    jira = SmallJira()
    if state != "first":
        jira.move(jira.ticket("PAY-1"), "Ready", at(1, 6, 3, month=2))
        jira.add(120, "CHEC-8", "bug", at(1, 6, 4, month=2))
        jira.clock.move_to(at(2, 6, month=2))
    if state == "pruned":
        jira.tickets.remove(jira.ticket("CHEC-5"))
        jira.clock.move_to(at(3, 6, month=2))
    return jira.surface


EXAMPLE = Example(
    connector=CONNECTOR,
    connection={"email": "flowgauge@acme.example", "token": TOKEN, "projects": ["CHEC", "PAY"]},
    rows={
        "projects": 2,
        "accounts": 2,
        "statuses": 5,
        "issue_types": 3,
        "issues": 8,
        "issue_keys": 8,
        "issue_changes": 6,
        "change_links": 1,
        "boards": 2,
        "sprints": 3,
        "standing_issues": 8,
        "reconciliations": 2,
    },
    surface=surface,
    drift={"issues": "fields.duedate", "sprints": "endDate"},
)

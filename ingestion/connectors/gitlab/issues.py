"""Issues as tickets, with the events of their labels, states, iterations and assignees; prose stays behind.

GitLab keeps no history of due dates but in dates as people write them, so that there is none here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ingestion.connector import Page
from ingestion.connectors.gitlab import notes
from ingestion.connectors.gitlab.walk import Walk, text

Payload = dict[str, Any]

_EVENTS = {
    "issue_label_events": "/resource_label_events",
    "issue_state_events": "/resource_state_events",
    "issue_iteration_events": "/resource_iteration_events",
    "issue_assignee_events": "/notes",
}
_ASSIGNMENTS = {"assigned": "add", "unassigned": "remove"}
_BATCH = 50


def issue_pages(walk: Walk) -> Iterator[Page]:
    """Pages of the issues that changed and of their events; moves the cursor after the last."""
    for page in walk.changed("issues", "/issues", scope="all", with_labels_details="true"):
        for start in range(0, len(page), _BATCH):
            yield from _row_pages(walk, page[start : start + _BATCH])


def _row_pages(walk: Walk, batch: list[Payload]) -> Iterator[Page]:
    rows = [_issue(walk, issue) for issue in batch]
    events: dict[str, list[Payload]] = {table: [] for table in _EVENTS}
    parents: dict[str, list[tuple[str]]] = {table: [] for table in _EVENTS}
    for issue in batch:
        for table, path in _EVENTS.items():
            found = walk.all_of(f"/issues/{issue['iid']}{path}")
            if found is not None:
                parents[table].append((str(issue["id"]),))
                told = _assignments if path == "/notes" else _event
                events[table].extend(row for one in found for row in told(walk, issue, one))
    yield walk.accounts.take()
    yield Page("issues", rows)
    for table in _EVENTS:
        yield Page(table, events[table], parents[table])


def _issue(walk: Walk, issue: Payload) -> Payload:
    # Of labels, only those of status and type are wanted; a server without details names them only.
    settings = walk.settings
    labels = [label if isinstance(label, dict) else {"name": label} for label in issue.get("labels") or []]
    status = _scoped(labels, settings.status_label_prefix)
    kind = _scoped(labels, settings.type_label_prefix)
    assignees = issue.get("assignees") or []
    return {
        "id": str(issue["id"]),
        "repository_id": walk.id,
        "number": issue["iid"],
        "type": issue.get("issue_type"),
        "state": issue["state"],
        "status_label_id": text(status.get("id")),
        "status_label": status.get("name"),
        "type_label": kind["name"].removeprefix(settings.type_label_prefix) if kind else None,
        "author_id": walk.accounts.id_of(issue.get("author")),
        "assignee_id": walk.accounts.id_of(assignees[0] if assignees else issue.get("assignee")),
        "due_on": issue.get("due_date"),
        "created_at": issue["created_at"],
        "updated_at": issue["updated_at"],
        "closed_at": issue.get("closed_at"),
    }


def _scoped(labels: list[Payload], prefix: str) -> Payload:
    """The label of a scope; empty where the issue bears none."""
    return next((label for label in labels if label["name"].startswith(prefix)), {})


def _event(walk: Walk, issue: Payload, event: Payload) -> Iterator[Payload]:
    """An event with what its kind tells: a label or iteration that came or went, or a state."""
    row = _happened(walk, issue, event, event.get("user"))
    if "state" in event:
        yield {**row, "state": event["state"]}
    elif "iteration" in event:
        iteration = event["iteration"] or {}
        yield {**row, "action": event["action"], "iteration_id": text(iteration.get("id"))}
    else:
        labels = [event["label"]] if event.get("label") else []
        status = _scoped(labels, walk.settings.status_label_prefix)
        yield {
            **row,
            "action": event["action"],
            "label_id": text(status.get("id")),
            "label": status.get("name"),
        }


def _assignments(walk: Walk, issue: Payload, note: Payload) -> Iterator[Payload]:
    """Whom a system note says that the issue was assigned to, or taken from."""
    if not note.get("system"):
        return
    row = _happened(walk, issue, note, note.get("author"))
    for position, told in enumerate(notes.said(note["body"]), start=1):
        if told.type in _ASSIGNMENTS and told.username:
            yield {
                **row,
                "id": f"{note['id']}:{position}",
                "action": _ASSIGNMENTS[told.type],
                "assignee_id": walk.accounts.named(told.username),
            }


def _happened(walk: Walk, issue: Payload, event: Payload, actor: Payload | None) -> Payload:
    return {
        "id": str(event["id"]),
        "issue_id": str(issue["id"]),
        "repository_id": walk.id,
        "occurred_at": event["created_at"],
        "actor_id": walk.accounts.id_of(actor),
    }

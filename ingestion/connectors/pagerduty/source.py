"""The walk over an account, driven by log entries: what has no entry has not changed.

Lists of incidents know creation times only, so new ones come from the list, and each that an entry names
besides is read by itself; so is each that was open after the last walk, lest an entry was missed. An incident
that is answered 404 stays, marked as gone. The cursor is the latest entry seen, less an overlap.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from ingestion.connector import Extraction, Page
from ingestion.connectors.pagerduty.settings import PagerDutySettings
from ingestion.connectors.pagerduty.windows import Lists
from ingestion.cursors import latest
from ingestion.http import MalformedResponseError, NotFoundError

Payload = dict[str, Any]

OVERLAP = timedelta(hours=1)
"""Re-read before the cursor: entries of one instant are not all listed at once."""

DIRECTORIES = ("users", "services")
KINDS = ("log_entries", "incidents", *DIRECTORIES)
_RESOLVED = "resolved"


@dataclass
class _Walk:
    """What is met on the way.

    Attributes:
        extraction: what the kit gave.
        changed: incidents that log entries name.
        read: incidents that were read.
        open: those of them that are not resolved, to be read again by the next walk.
    """

    extraction: Extraction
    changed: set[str] = field(default_factory=set)
    read: set[str] = field(default_factory=set)
    open: dict[str, Payload] = field(default_factory=dict)

    def is_wanted(self, service: Payload | None) -> bool:
        """Whether the settings name the service, or none, or the answer does not tell it."""
        settings: PagerDutySettings = self.extraction.settings
        return not (settings.service_ids and service) or service.get("id") in settings.service_ids


def extract(extraction: Extraction) -> Iterator[Page]:
    """All pages of a connection."""
    settings: PagerDutySettings = extraction.settings
    walk = _Walk(extraction)
    state, until = extraction.state, extraction.started_at
    resumed_from = None if _is_wider(settings, state.get("scope")) else state.get("cursor")
    since = _since(settings, resumed_from, extraction.since)
    scope = {"service_ids[]": list(settings.service_ids)} if settings.service_ids else {}
    cursor: str | None = state.get("cursor")
    extraction.log(f"reading log entries since {since:%Y-%m-%d %H:%M}")
    lists = Lists(extraction.http)
    for entries in lists.created_between("log_entries", since, until, {"is_overview": "false"}):
        yield Page("log_entries", [_entry(walk, entry) for entry in entries])
        cursor = latest((entry["created_at"] for entry in entries), cursor)
    for incidents in lists.created_between("incidents", since, until, scope):
        yield Page("incidents", [_incident(walk, incident) for incident in incidents])
    known_open: dict[str, Payload] = state.get("open", {})
    yield from _single_incidents(walk, known_open)
    yield from _directory(walk, lists)
    is_whole = state.get("cursor") is None and extraction.since is None
    for kind in KINDS if is_whole else DIRECTORIES:
        extraction.expect_count(kind, "", lists.totals[kind])
    state["cursor"], state["open"] = cursor, walk.open
    state["scope"] = {
        "services": list(settings.service_ids),
        "history_start": settings.history_start.isoformat(),
    }


def _is_wider(settings: PagerDutySettings, known: Payload | None) -> bool:
    """Whether the settings ask for services or for a past that no walk has read; none named are all."""
    if known is None:
        return False
    services = set(known["services"])
    is_new = services and not (settings.service_ids and services.issuperset(settings.service_ids))
    return bool(is_new) or settings.history_start < date.fromisoformat(known["history_start"])


def _since(settings: PagerDutySettings, cursor: str | None, since: datetime | None) -> datetime:
    start = datetime.combine(settings.history_start, time(), UTC)
    if cursor is None:
        return max(start, since) if since else start
    resumed = datetime.fromisoformat(cursor) - OVERLAP
    return min(resumed, since) if since else resumed


def _single_incidents(walk: _Walk, known_open: dict[str, Payload]) -> Iterator[Page]:
    """Incidents that changed or were open, and were not created in the time of this walk."""
    for identity in sorted((walk.changed | set(known_open)) - walk.read):
        try:
            answer = walk.extraction.http.get_json(f"/incidents/{identity}")
        except NotFoundError:
            if identity in known_open:
                walk.extraction.log(f"incident {identity} is gone")
                gone_at = walk.extraction.started_at.isoformat()
                yield Page("incidents", [{**known_open[identity], "gone_at": gone_at}])
            continue
        incident = answer.get("incident") if isinstance(answer, dict) else None
        if not incident:
            raise MalformedResponseError(f"/incidents/{identity} answered without its incident")
        if walk.is_wanted(incident.get("service")):
            yield Page("incidents", [_incident(walk, incident)])


def _directory(walk: _Walk, lists: Lists) -> Iterator[Page]:
    """Users and services of today."""
    for users in lists.all("users"):
        yield Page("users", [_user(walk, user) for user in users])
    for services in lists.all("services"):
        yield Page("services", [_service(service) for service in services])


def _incident(walk: _Walk, incident: Payload) -> Payload:
    reason = incident.get("resolve_reason") or {}
    service = incident.get("service") or {}
    row = {
        "id": incident["id"],
        "number": incident.get("incident_number"),
        "status": incident["status"],
        "urgency": incident.get("urgency"),
        "priority": (incident.get("priority") or {}).get("name"),
        "service_id": service.get("id"),
        "created_at": incident["created_at"],
        "updated_at": incident.get("updated_at"),
        "last_status_change_at": incident.get("last_status_change_at"),
        "resolve_reason": reason.get("type"),
        "merged_into_id": (reason.get("incident") or {}).get("id"),
    }
    walk.read.add(incident["id"])
    if incident["status"] != _RESOLVED:
        walk.open[incident["id"]] = row
    return row


def _entry(walk: _Walk, entry: Payload) -> Payload:
    agent_type, agent_id = _reference(entry.get("agent"))
    assignees = [_reference(assignee) for assignee in entry.get("assignees") or ()]
    incident_id = (entry.get("incident") or {}).get("id")
    if incident_id and walk.is_wanted(entry.get("service")):
        walk.changed.add(incident_id)
    return {
        "id": entry["id"],
        "incident_id": incident_id,
        "type": entry["type"],
        "occurred_at": entry["created_at"],
        "agent_type": agent_type,
        "agent_id": agent_id,
        "channel_type": (entry.get("channel") or {}).get("type"),
        "assignee_type": assignees[0][0] if assignees else None,
        "assignee_id": assignees[0][1] if assignees else None,
        "assignee_count": len(assignees) if "assignees" in entry else None,
    }


def _reference(payload: Payload | None) -> tuple[str | None, str | None]:
    """Type and id of a reference, whose summary may be prose."""
    return (payload.get("type"), payload.get("id")) if payload else (None, None)


def _user(walk: _Walk, user: Payload) -> Payload:
    address = walk.extraction.hash_email(user.get("email"))
    return {"id": user["id"], "name": user.get("name"), "email_hash": address}


def _service(service: Payload) -> Payload:
    return {name: service.get(name) for name in ("id", "name", "status", "created_at")}

"""The history's incidents, services and people as PagerDuty shows them now.

Mitigation is something that PagerDuty does not know; it shows as a note. What is handed to another person
and what is reopened waits for an acknowledgement again. An incident that was merged is a resolved one that
names the other.
"""

from collections.abc import Iterator
from itertools import count
from typing import Any

from sandbox.calendar import isoformat
from sandbox.history import Account, Incident, IncidentEvent
from sandbox.vendor import Scene

Payload = dict[str, Any]

ENTRY_TYPES = {
    "assigned": "assign_log_entry",
    "escalated": "escalate_log_entry",
    "acknowledged": "acknowledge_log_entry",
    "mitigated": "annotate_log_entry",
    "resolved": "resolve_log_entry",
    "reopened": "trigger_log_entry",
    "merged": "resolve_log_entry",
}
STATUSES = {
    "assigned": "triggered",
    "escalated": "triggered",
    "acknowledged": "acknowledged",
    "resolved": "resolved",
    "reopened": "triggered",
    "merged": "resolved",
}
ENTRIES_PER_INCIDENT = 100


def users(scene: Scene) -> list[Payload]:
    """One user for each person, under the account of daily use."""
    first: dict[int, Account] = {}
    for account in scene.history.accounts:
        if account.kind == "human" and account.person is not None:
            first.setdefault(account.person, account)
    return [
        {
            **_user(account),
            "type": "user",
            "name": account.signature.name,
            "email": f"{account.login.lower()}@acme.example",
            "role": "limited_user",
            "time_zone": "Etc/UTC",
        }
        for account in first.values()
    ]


def services(scene: Scene) -> list[Payload]:
    """All services, in the order of the organisation."""
    return [
        {
            **_service(service.name, scene),
            "type": "service",
            "name": service.name,
            "status": "active",
            "created_at": isoformat(service.repository.created_at),
        }
        for service in scene.organisation.services
    ]


def incidents(scene: Scene) -> list[Payload]:
    """All incidents that were triggered by now, oldest first."""
    return [_incident(each, scene) for each in _triggered(scene)]


def log_entries(scene: Scene) -> list[Payload]:
    """All log entries by now, oldest first."""
    entries = [entry for incident in _triggered(scene) for entry in _entries(incident, scene)]
    return sorted(entries, key=lambda entry: entry["created_at"])


def _triggered(scene: Scene) -> list[Incident]:
    return [each for each in scene.history.incidents if each.triggered_at <= scene.clock.now]


def _incident(incident: Incident, scene: Scene) -> Payload:
    seen = _seen(incident, scene)
    status, changed_at, resolve_reason = "triggered", incident.triggered_at, None
    for event in seen:
        if STATUSES.get(event.kind, status) != status:
            status, changed_at = STATUSES[event.kind], event.at
        if isinstance(event.subject, Incident):
            resolve_reason = {"type": "merge_resolve_reason", "incident": _reference(event.subject)}
    given = [(event.at, event.subject) for event in seen if isinstance(event.subject, Account)]
    taken = [(event.at, event.actor) for event in seen if event.kind == "acknowledged" and event.actor]
    return {
        **_reference(incident),
        "type": "incident",
        "incident_number": incident.number,
        "title": f"{incident.service} is in trouble",
        "created_at": isoformat(incident.triggered_at),
        "updated_at": isoformat(seen[-1].at if seen else incident.triggered_at),
        "status": status,
        "urgency": incident.severity,
        "priority": None,
        "service": _service(incident.service, scene),
        "assignments": [
            {"at": isoformat(at), "assignee": _user(account)}
            for at, account in given[-1:]
            if status != "resolved"
        ],
        "acknowledgements": [
            {"at": isoformat(at), "acknowledger": _user(account)}
            for at, account in taken[-1:]
            if status == "acknowledged"
        ],
        "last_status_change_at": isoformat(changed_at),
        "resolve_reason": resolve_reason,
    }


def _seen(incident: Incident, scene: Scene) -> list[IncidentEvent]:
    return [event for event in incident.events if event.at <= scene.clock.now]


def _entries(incident: Incident, scene: Scene) -> Iterator[Payload]:
    numbers = count(incident.id * ENTRIES_PER_INCIDENT)
    service = _service(incident.service, scene)

    def entry(at: int, kind: str, agent: Account | None, channel: str, **more: Any) -> Payload:
        return {
            "id": f"R{next(numbers):013d}",
            "type": kind,
            "summary": kind.replace("_", " "),
            "created_at": isoformat(at),
            "agent": _user(agent) if agent else service,
            "channel": {"type": "website" if agent else channel},
            "service": service,
            "incident": _reference(incident),
            "teams": [],
            **more,
        }

    yield entry(incident.triggered_at, "trigger_log_entry", None, "api")
    for event in _seen(incident, scene):
        channel = "timeout" if event.kind == "escalated" else "auto"
        if isinstance(event.subject, Account):
            asked = _user(event.subject)
            yield entry(event.at, ENTRY_TYPES[event.kind], event.actor, channel, assignees=[asked])
            yield entry(event.at, "notify_log_entry", None, channel, user=asked)
        else:
            yield entry(event.at, ENTRY_TYPES[event.kind], event.actor, channel)


def _reference(incident: Incident) -> Payload:
    return {
        "id": f"Q{incident.id:013d}",
        "type": "incident_reference",
        "summary": f"[#{incident.number}] {incident.service} is in trouble",
        "self": f"https://api.pagerduty.com/incidents/Q{incident.id:013d}",
        "html_url": f"https://acme.pagerduty.com/incidents/Q{incident.id:013d}",
    }


def _user(account: Account) -> Payload:
    return {
        "id": f"P{account.id}",
        "type": "user_reference",
        "summary": account.signature.name,
        "self": f"https://api.pagerduty.com/users/P{account.id}",
        "html_url": f"https://acme.pagerduty.com/users/P{account.id}",
    }


def _service(name: str, scene: Scene) -> Payload:
    number = next(index for index, each in enumerate(scene.organisation.services) if each.name == name)
    return {
        "id": f"PS{number:05d}",
        "type": "service_reference",
        "summary": name,
        "self": f"https://api.pagerduty.com/services/PS{number:05d}",
        "html_url": f"https://acme.pagerduty.com/service-directory/PS{number:05d}",
    }

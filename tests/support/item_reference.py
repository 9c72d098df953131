"""The rules for flow items other than changes, read aloud: slow, from the rules' text and not from the SQL.

At every instant at which anything happens it asks from scratch which stage an item is in. The stages of the
changes are taken as given: `support.reference` has read those.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from support.items import STATUSES, Incident, Ticket
from support.reference import Visit

ORDER = {
    "decide": 10,
    "pull_wait": 20,
    "build": 30,
    "review_wait": 40,
    "review": 50,
    "rework": 60,
    "ci": 70,
    "qa": 75,
    "merge_wait": 80,
    "release_wait": 90,
    "approval_wait": 100,
    "deploy": 110,
    "exposure_wait": 120,
    "adoption": 130,
    "detect": 210,
    "acknowledge": 220,
    "mitigate": 230,
    "resolve": 240,
}


def ticket_visits(ticket: Ticket, changes: Mapping[str, Sequence[Visit]]) -> list[Visit]:
    """Where a ticket was, given where its changes were (by id)."""
    its = [visit for number in ticket.changes for visit in changes[f"c{number}"]]
    instants = {ticket.created_at} | {value.at for value in ticket.values}
    instants |= {instant for visit in its for instant in (visit.entered_at, visit.exited_at) if instant}
    return joined(
        {max(instant, ticket.created_at) for instant in instants},
        lambda instant: _ticket_state(ticket, its, instant),
    )


def _ticket_state(ticket: Ticket, changes: Iterable[Visit], instant: datetime) -> str | None:
    def latest(name: str) -> str | None:
        past = [value for value in ticket.history(name) if value.at <= instant]
        return past[-1].value if past else None

    meaning = STATUSES[latest("status") or "Idea"]
    if meaning == "idea":
        return "pull_wait" if latest("sprint") else "decide"
    if meaning in ("ready", "qa", "rejected"):
        return {"ready": "pull_wait", "qa": "qa", "rejected": "rejected"}[meaning]
    unfinished = [
        visit.stage
        for visit in changes
        if visit.entered_at <= instant and (visit.exited_at is None or instant < visit.exited_at)
    ]
    if unfinished:
        return min(unfinished, key=lambda stage: ORDER[stage])
    return "build" if meaning == "started" else None


def incident_visits(incident: Incident, incidents: Mapping[int, Incident]) -> list[Visit]:
    """Where an incident was that was not merged, together with those that were merged into it."""
    family = [incident, *(other for other in incidents.values() if root_of(other, incidents) is incident)]
    triggered = min(other.triggered_at for other in family)
    starts = [other.started_at for other in family if other.started_at]
    started = min([triggered, *starts])
    instants = {started, triggered} | {at for _, at in incident.events}
    return joined(instants, lambda instant: _incident_state(incident, triggered, instant))


def root_of(incident: Incident, incidents: Mapping[int, Incident]) -> Incident:
    """The incident that it became a part of."""
    while incident.merged_into is not None:
        incident = incidents[incident.merged_into]
    return incident


INCIDENT_ORDER = ("triggered", "reopened", "acknowledged", "assigned", "escalated", "mitigated", "resolved")


def _incident_state(incident: Incident, triggered: datetime, instant: datetime) -> str | None:
    if instant < triggered:
        return "detect"
    past = [(at, INCIDENT_ORDER.index(kind), kind) for kind, at in incident.events if at <= instant]
    is_acknowledged, since_opened = False, set[str]()
    for _, _, kind in sorted(past):
        if kind == "reopened":
            since_opened = set()
        since_opened.add(kind)
        is_acknowledged |= kind == "acknowledged"
    if "resolved" in since_opened:
        return None
    if "mitigated" in since_opened:
        return "resolve"
    return "mitigate" if is_acknowledged else "acknowledge"


def joined(instants: Iterable[datetime], state_at: Callable[[datetime], str | None]) -> list[Visit]:
    """Visits of a state that is asked for at each instant; `rejected` and None are no stage."""
    moves: list[tuple[datetime, str | None]] = []
    for instant in sorted(instants):
        state = state_at(instant)
        if not moves or moves[-1][1] != state:
            moves.append((instant, state))
    visits = []
    for (entered, stage), following in zip(moves, [*moves[1:], None], strict=True):
        if stage in ORDER:
            exited = following[0] if following else None
            visits.append(Visit(str(stage), entered, exited, _reason(str(stage), following)))
    return visits


def _reason(stage: str, following: tuple[datetime, str | None] | None) -> str:
    if following is None:
        return "open"
    if following[1] == "rejected":
        return "abandoned"
    return "returned" if following[1] and ORDER[following[1]] < ORDER[stage] else "advanced"

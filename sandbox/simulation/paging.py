"""An incident in people's hands: whom the pager asks, who has it, and what became of each escalation.

What happens and when is in `incidents`; here is what the pager records of it and what truth knows of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Literal

from sandbox.history import Account, Incident, IncidentEvent, IncidentEventKind
from sandbox.organisation import Person, Service
from sandbox.simulation.people import Activity
from sandbox.simulation.world import World

if TYPE_CHECKING:
    from sandbox.simulation.releases import LiveDeployment

ROTATION = 7 * 86_400
PATIENCE_SECONDS = 15 * 60
"""How long the pager waits for an answer before it asks the next person."""


@dataclass(slots=True)
class Escalation:
    """An incident passed up from one person to the next."""

    from_person: int
    to_person: int
    requested_at: int
    outcome: Literal["pending", "accepted", "superseded"] = "pending"
    settled_at: int | None = None


class LiveIncident:
    """A trouble from its beginning on; `record` is what the pager has of it once it was noticed."""

    def __init__(self, world: World, number: int, service: Service, cause: "LiveDeployment | None") -> None:
        self.world = world
        self.number = number
        self.service = service
        self.cause = cause
        self.started_at = world.now
        self.record: Incident | None = None
        self.echo: Incident | None = None
        self.acknowledged = world.env.event()
        self.mitigation: str | None = None
        self.escalations: list[Escalation] = []
        self.track = world.truth.track("incident", number)
        self.track.enter("detect", world.now)
        self._turn = 0

    @property
    def holder(self) -> Person:
        """Who is to see to it now."""
        people = self.service.team.developers
        return people[self._turn % len(people)]

    def trigger(self, severity: Literal["low", "high"]) -> None:
        """Be noticed: the pager asks whoever is on call."""
        self.record = new_incident(self.world, self.number, self.service, severity)
        self.track.enter("acknowledge", self.world.now)
        self._turn = self.world.now // ROTATION

    def alerted(self, echo: Incident) -> None:
        """Be noticed elsewhere, perhaps before anybody noticed it here."""
        self.echo = echo
        if self.record is None:
            self.track.enter("acknowledge", self.world.now)

    def page(self, seconds: int) -> Activity:
        """Let somebody answer after so long; until then the pager asks one after the other."""
        answered_at = self.world.now + seconds
        while answered_at - self.world.now > PATIENCE_SECONDS:
            yield self.world.env.timeout(PATIENCE_SECONDS)
            self.escalate(None)
        yield self.world.env.timeout(answered_at - self.world.now)
        self.acknowledge()

    def acknowledge(self) -> None:
        """Be taken up by its holder."""
        self._note("acknowledged", self.holder.account)
        self._settle("accepted")
        if not self.acknowledged.triggered:
            self.acknowledged.succeed()
            self.track.enter("mitigate", self.world.now)

    def escalate(self, actor: Account | None) -> None:
        """Go to the next person, by somebody's hand or the pager's."""
        self._settle("superseded")
        before, after = self._next()
        self.escalations.append(Escalation(before.id, after.id, self.world.now))
        self._note("escalated", actor, after.account)

    def reassign(self) -> None:
        """Go to a colleague, by its holder's hand."""
        before, after = self._next()
        self._note("assigned", before.account, after.account)

    def mitigate(self) -> None:
        """Hurt no more."""
        self._note("mitigated", self.holder.account)
        self.track.enter("resolve", self.world.now)

    def resolve(self) -> None:
        """Be done with."""
        self._note("resolved", self.holder.account)
        self.track.leave(self.world.now, "advanced")

    def reopen(self) -> None:
        """Come back, to whoever is on call by now."""
        self._note("reopened", self.holder.account)
        self._turn = self.world.now // ROTATION
        self._note("assigned", None, self.holder.account)
        self.track.enter("mitigate", self.world.now)

    def take_in(self, echo: Incident) -> None:
        """Be the one incident that the echo is a part of."""
        echo.events.append(IncidentEvent(self.world.now, "merged", self.holder.account, self.record))

    def _next(self) -> tuple[Person, Person]:
        before = self.holder
        self._turn += 1
        return before, self.holder

    def _settle(self, outcome: Literal["accepted", "superseded"]) -> None:
        for escalation in self.escalations[-1:]:
            if escalation.outcome == "pending":
                escalation.outcome, escalation.settled_at = outcome, self.world.now

    def _note(self, kind: IncidentEventKind, actor: Account | None, subject: Account | None = None) -> None:
        assert self.record is not None  # noqa: S101 - nobody sees to what nobody noticed
        self.record.events.append(IncidentEvent(self.world.now, kind, actor, subject))

    def times(self, kind: IncidentEventKind) -> list[int]:
        """Return when something happened to it."""
        return [event.at for event in self.record.events if event.kind == kind] if self.record else []


def new_incident(world: World, identity: int, service: Service, severity: Literal["low", "high"]) -> Incident:
    """Let the pager open an incident of this instant, and ask whoever is on call for the service."""
    number = world.history.next_id("incident number")
    incident = Incident(identity, number, service.name, severity, world.now)
    people = service.team.developers
    on_call = people[world.now // ROTATION % len(people)].account
    incident.events.append(IncidentEvent(world.now, "assigned", None, on_call))
    world.history.incidents.append(incident)
    return incident


# Rows of the truth.


def incident_row(incident: LiveIncident) -> tuple[Any, ...]:
    """Return an incident with its first and last times; one that was merged is part of the other."""
    return (
        incident.number,
        incident.service.name,
        incident.started_at,
        min(triggered_at for *_, triggered_at, _ in page_rows(incident)),
        next(iter(incident.times("acknowledged")), None),
        next(iter(incident.times("mitigated")), None),
        next(reversed(incident.times("resolved")), None),
        incident.cause.record.id if incident.cause else None,
        incident.mitigation,
    )


def page_rows(incident: LiveIncident) -> Iterator[tuple[Any, ...]]:
    """Yield what the pager took for an incident each."""
    for page in (incident.record, incident.echo):
        if page:
            merged_at = next((event.at for event in page.events if event.kind == "merged"), None)
            yield page.id, incident.number, page.service, page.triggered_at, merged_at


def resolution_rows(incident: LiveIncident) -> Iterator[tuple[Any, ...]]:
    """Yield when it was resolved, and reopened."""
    for resolved_at, reopened_at in zip_longest(incident.times("resolved"), incident.times("reopened")):
        yield incident.number, resolved_at, reopened_at


def handoff_rows(incident: LiveIncident) -> Iterator[tuple[Any, ...]]:
    """Yield its escalations, and each mitigation, after which the service is product's again."""
    for number, one in enumerate(incident.escalations, 1):
        is_accepted = one.outcome == "accepted"
        yield (
            *("incident", incident.number, "incident_escalation", "ops", "ops", number, one.from_person),
            *(one.to_person if is_accepted else None, one.requested_at),
            *(one.settled_at if is_accepted else None, one.outcome, one.settled_at),
        )
    endings = zip_longest(incident.times("mitigated"), incident.times("resolved"))
    for number, (mitigated_at, resolved_at) in enumerate(endings, 1):
        yield (
            *("incident", incident.number, "incident_resolution", "ops", "product", number, None, None),
            *(mitigated_at, resolved_at, "accepted" if resolved_at else "pending", resolved_at),
        )

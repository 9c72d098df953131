"""What breaks in production, who notices, and how it is mended: roll back, revert, or fix forward."""

from functools import partial
from typing import TYPE_CHECKING, Literal

from sandbox.history import Account, FieldChange, Incident
from sandbox.organisation import Service
from sandbox.simulation.people import Activity
from sandbox.simulation.world import World, chance

if TYPE_CHECKING:
    from sandbox.simulation.releases import LiveDeployment, Pipeline

WEEK = 7 * 86_400
HOUR = 3600
ROTATION = WEEK


class IncidentDesk:
    """Starts incidents and follows each to its end; on-call people answer at any hour."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._random = world.streams.stream("incidents")
        self._plan_unrelated()

    def deployed(self, pipeline: "Pipeline", deployment: "LiveDeployment") -> None:
        """Let a deployment break its service, sometimes."""
        random = self.world.streams.stream("incident of", deployment.record.id)
        if deployment.carried and chance(random, self.world.scenario.incidents.share_of_deployments):
            started = self.world.now + random.randrange(60, 6 * HOUR)
            self.world.at(started, partial(self._start, pipeline.service, pipeline, deployment))

    def _plan_unrelated(self) -> None:
        rate = self.world.scenario.incidents.unrelated_per_week
        wait = round(self._random.expovariate(rate) * WEEK) + 1
        self.world.at(self.world.now + wait, self._start_unrelated)

    def _start_unrelated(self) -> None:
        self._plan_unrelated()
        self._start(self._random.choice(self.world.organisation.services), None, None)

    def _start(self, service: Service, pipeline: "Pipeline | None", cause: "LiveDeployment | None") -> None:
        number = self.world.history.next_id("incident")
        self.world.env.process(self._run(number, service, pipeline, cause))

    def _run(
        self, number: int, service: Service, pipeline: "Pipeline | None", cause: "LiveDeployment | None"
    ) -> Activity:
        world, habits = self.world, self.world.scenario.incidents
        random = world.streams.stream("incident", number)
        started_at = world.now
        track = world.truth.track("incident", number)
        track.enter("detect", started_at)
        yield world.env.timeout(habits.detect_hours.seconds(random))
        triggered_at = world.now
        severity: Literal["low", "high"] = "high" if cause or chance(random, 0.3) else "low"
        incident = Incident(number, number, service.name, severity, triggered_at)
        world.history.incidents.append(incident)
        track.enter("acknowledge", world.now)
        on_call = service.team.developers[world.now // ROTATION % len(service.team.developers)]
        yield world.env.timeout(habits.acknowledge_hours.seconds(random))
        acknowledged_at = self._note(incident, "acknowledged", on_call.account)
        track.enter("mitigate", world.now)
        yield world.env.timeout(habits.mitigate_hours.seconds(random))
        mitigation = self._mitigate(pipeline, cause, random.random())
        mitigated_at = self._note(incident, "mitigated", on_call.account)
        track.enter("resolve", world.now)
        yield world.env.timeout(habits.resolve_hours.seconds(random))
        resolved_at = self._note(incident, "resolved", on_call.account)
        track.leave(world.now, "advanced")
        world.truth.note(
            "incidents",
            number,
            service.name,
            started_at,
            triggered_at,
            acknowledged_at,
            mitigated_at,
            resolved_at,
            cause.record.id if cause else None,
            mitigation,
        )

    def _note(self, incident: Incident, state: str, actor: Account) -> int:
        incident.events.append(FieldChange(self.world.now, "status", "", state, actor))
        return self.world.now

    def _mitigate(self, pipeline: "Pipeline | None", cause: "LiveDeployment | None", draw: float) -> str:
        habits = self.world.scenario.incidents
        if pipeline is None or cause is None:
            return "other"
        if draw < habits.rollback_share and pipeline.roll_back(cause):
            return "rollback"
        if draw < habits.rollback_share + habits.revert_share:
            suspect = cause.carried[-1]
            if suspect.is_merged and suspect.record.reverts is None:
                self.world.merging.revert(suspect)
                return "revert"
        return "fix"

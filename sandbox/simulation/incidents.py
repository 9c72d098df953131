"""What breaks in production, who notices, and how it is mended: roll back, revert, or fix forward."""

from functools import partial
from typing import TYPE_CHECKING

from sandbox.organisation import Service
from sandbox.simulation.paging import LiveIncident, new_incident
from sandbox.simulation.people import Activity
from sandbox.simulation.world import World, chance

if TYPE_CHECKING:
    from sandbox.simulation.releases import LiveDeployment, Pipeline

WEEK = 7 * 86_400
HOUR = 3600
MINUTE = 60
FIRST_ECHO = 1_000_000


class IncidentDesk:
    """Starts incidents and follows each to its end; on-call people answer at any hour."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.incidents: list[LiveIncident] = []
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
        incident = LiveIncident(self.world, number, service, cause)
        self.incidents.append(incident)
        self.world.env.process(self._run(incident, pipeline))
        self.world.env.process(self._echo(incident))

    def _run(self, incident: LiveIncident, pipeline: "Pipeline | None") -> Activity:
        world, habits = self.world, self.world.scenario.incidents
        random = world.streams.stream("incident", incident.number)
        yield world.env.timeout(habits.detect_hours.seconds(random))
        incident.trigger("high" if incident.cause or chance(random, 0.3) else "low")
        yield from incident.page(habits.acknowledge_hours.seconds(random))
        yield from self._mend(incident, habits.mitigate_hours.seconds(random))
        incident.mitigation = self._mitigate(pipeline, incident.cause, random.random())
        incident.mitigate()
        yield world.env.timeout(habits.resolve_hours.seconds(random))
        incident.resolve()
        yield from self._relapse(incident)

    def _mend(self, incident: LiveIncident, seconds: int) -> Activity:
        """Look for the way out for so long; some pass it on on the way, up or to a colleague."""
        random = self.world.streams.stream("handing on of incident", incident.number)
        if chance(random, self.world.scenario.incidents.handed_on_share):
            passed, taken = seconds // 4, seconds // 2
            yield self.world.env.timeout(passed)
            if chance(random, 0.5):
                incident.escalate(incident.holder.account)
            else:
                incident.reassign()
            yield self.world.env.timeout(taken - passed)
            incident.acknowledge()
            seconds -= taken
        yield self.world.env.timeout(seconds)

    def _relapse(self, incident: LiveIncident) -> Activity:
        """Let the trouble come back, sometimes, and be mended by itself."""
        world, habits = self.world, self.world.scenario.incidents
        random = world.streams.stream("relapse of incident", incident.number)
        if chance(random, habits.reopened_share):
            yield world.env.timeout(habits.reopened_hours.seconds(random))
            incident.reopen()
            yield from incident.page(habits.acknowledge_hours.seconds(random))
            yield world.env.timeout(habits.mitigate_hours.seconds(random))
            incident.mitigate()
            yield world.env.timeout(habits.resolve_hours.seconds(random))
            incident.resolve()

    def _echo(self, incident: LiveIncident) -> Activity:
        """Let some service page for the same trouble, sooner or later; whoever has that merges the two."""
        world, habits = self.world, self.world.scenario.incidents
        random = world.streams.stream("echo of incident", incident.number)
        if not chance(random, habits.echo_share):
            return
        service = random.choice(world.organisation.services)
        yield world.env.timeout(habits.detect_hours.seconds(random))
        if incident.mitigation is None:
            echo = new_incident(world, FIRST_ECHO + incident.number, service, "low")
            incident.alerted(echo)
            if not incident.acknowledged.triggered:
                yield incident.acknowledged
            yield world.env.timeout(random.randrange(1, 10) * MINUTE)
            incident.take_in(echo)

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

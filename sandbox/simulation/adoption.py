"""After the deployment: flags rolled out in steps, customers who use a feature or do not, and surveys."""

from functools import partial
from typing import TYPE_CHECKING

from sandbox.history import Feature, SurveyResponse
from sandbox.organisation import Team
from sandbox.simulation.world import World, chance

if TYPE_CHECKING:
    from sandbox.simulation.changes import LiveChange

STEPS = (0.05, 0.25, 0.5, 1.0)
CUSTOMERS_PER_FEATURE = 40
ADOPTED_SHARE = 0.1
WEEK = 7 * 86_400
HOUR = 3600


class LiveFeature:
    """A feature from its first ticket to its adoption."""

    def __init__(self, world: World, record: Feature, team: Team, tickets: int) -> None:
        self.world = world
        self.record = record
        self.team = team
        self.changes: list[LiveChange] = []
        self.exposed_at: int | None = None
        self.adopted_at: int | None = None
        self._tickets_wanted = tickets
        self._tickets: set[int] = set()
        self._open: set[int] = set()
        self._is_rolling = False
        world.adoption.features.append(self)

    @property
    def is_full(self) -> bool:
        """Whether the feature takes no more tickets."""
        return len(self._tickets) >= self._tickets_wanted

    def add(self, ticket: int) -> None:
        """Take a ticket into the feature."""
        self._tickets.add(ticket)
        self._open.add(ticket)

    def dropped(self, ticket: int) -> None:
        """A ticket will not be done."""
        self._open.discard(ticket)
        self._roll_if_complete()

    def delivered(self, ticket: int) -> None:
        """A ticket's work is in production."""
        self._open.discard(ticket)
        self._roll_if_complete()

    def _roll_if_complete(self) -> None:
        if self._open or not self.is_full or self._is_rolling or not self.changes:
            return
        self._is_rolling = True
        self.world.adoption.roll_out(self)

    def expose(self) -> None:
        """Show the feature to its first customers."""
        if self.exposed_at is None:
            self.exposed_at = self.world.now
            for change in self.changes:
                if change.deployed_at is not None and change.flow_ended_at is None:
                    change.exposed()

    def adopt(self) -> None:
        """Be used by enough customers."""
        if self.adopted_at is None:
            self.adopted_at = self.world.now
            for change in self.changes:
                if change.exposed_at is not None and change.flow_ended_at is None:
                    change.adopted()


class Adoption:
    """Rollouts, and customer success, which can only help so many customers in a week."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.features: list[LiveFeature] = []
        self._next_onboarding = {team.name: world.now for team in world.organisation.teams}
        self._random = world.streams.stream("surveys")
        world.at(world.now + 4 * WEEK, self._survey)

    def deployed(self, change: "LiveChange") -> None:
        """Take note that a change of a feature is in production."""
        ticket = change.ticket
        if ticket and ticket.feature:
            ticket.feature.changes.append(change)
            if all(
                other.deployed_at is not None or other.flow_ended_at is not None for other in ticket.changes
            ):
                ticket.feature.delivered(ticket.record.id)

    def roll_out(self, feature: LiveFeature) -> None:
        """Plan the steps of a rollout."""
        habits = self.world.scenario.adoption
        random = self.world.streams.stream("feature", feature.record.name)
        at = self.world.now + habits.rollout_wait_hours.seconds(random)
        organisation = self.world.organisation
        count = min(CUSTOMERS_PER_FEATURE, len(organisation.customers))
        customers = random.sample(organisation.customers, count)
        reached = 0
        for share in STEPS:
            until = max(reached + 1, round(share * count))
            self.world.at(at, partial(self._step, feature, share, customers[reached:until]))
            reached = until
            at += habits.step_hours.seconds(random)

    def _step(self, feature: LiveFeature, share: float, customers: list[str]) -> None:
        world, habits = self.world, self.world.scenario.adoption
        random = world.streams.stream("feature", feature.record.name, share)
        feature.record.steps.append((world.now, share))
        feature.expose()
        for customer in customers:
            feature.record.exposures.append((world.now, customer))
            wait = habits.first_use_hours.seconds(random)
            if chance(random, habits.adopting_share):
                helped_at = self._next_onboarding[feature.team.name]
                at = max(world.now + wait, helped_at)
                gap = round(WEEK / habits.onboardings_per_week)
                self._next_onboarding[feature.team.name] = max(helped_at, world.now) + gap
                world.at(at, partial(self._use, feature, customer))

    def _use(self, feature: LiveFeature, customer: str) -> None:
        feature.record.uses.append((self.world.now, customer))
        wanted = ADOPTED_SHARE * min(CUSTOMERS_PER_FEATURE, len(self.world.organisation.customers))
        if len(feature.record.uses) >= wanted:
            feature.adopt()

    def _survey(self) -> None:
        for team in self.world.organisation.teams:
            for _ in range(3):
                score = max(0, min(10, round(self._random.gauss(7.2, 1.8))))
                at = self.world.now + self._random.randrange(WEEK)
                self.world.history.surveys.append(SurveyResponse(at, "nps", team.name, score))
        self.world.at(self.world.now + 4 * WEEK, self._survey)

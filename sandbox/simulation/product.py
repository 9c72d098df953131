"""Ideas, decisions and tickets: what is to be built, and when somebody said so."""

from collections import deque
from collections.abc import Iterator
from functools import partial
from itertools import zip_longest
from typing import Any

from sandbox.history import Account, Feature, FieldChange, Ticket, TicketKind
from sandbox.organisation import Person, Team
from sandbox.simulation.adoption import LiveFeature
from sandbox.simulation.changes import LiveChange
from sandbox.simulation.people import Activity, Worker
from sandbox.simulation.world import World, chance
from sandbox.truth import STAGE_ORDER

WORK_WEEK_SECONDS = 40 * 3600
IDEAS_KEPT = 60
FEATURE_SHARE = 0.6


class LiveTicket:
    """A ticket from idea to done, with the changes made for it."""

    def __init__(self, world: World, team: Team, record: Ticket, feature: LiveFeature | None) -> None:
        self.world = world
        self.team = team
        self.record = record
        self.feature = feature
        self.changes: list[LiveChange] = []
        self.is_finished = False
        self.track = world.truth.track("work_item", record.id)
        self.track.enter("decide", world.now)

    @property
    def key(self) -> str:
        """The tracker's key, as people write it into branches and titles."""
        return self.record.key

    def move(self, status: str, actor: Account | None) -> None:
        """Change the status in the tracker."""
        fields = self.record.fields
        before = next((item.after for item in reversed(fields) if item.field == "status"), "Idea")
        fields.append(FieldChange(self.world.now, "status", before, status, actor))

    def decide(self, person: Person) -> None:
        """Declare the ticket ready."""
        self.move("Ready", person.account)
        self.track.enter("pull_wait", self.world.now)

    def drop(self, actor: Account) -> None:
        """Decide against it."""
        self.move("Rejected", actor)
        self.is_finished = True
        self.track.leave(self.world.now, "abandoned")
        if self.feature:
            self.feature.dropped(self.record.id)

    def start(self, person: Person) -> None:
        """Begin work."""
        self.record.fields.append(
            FieldChange(self.world.now, "assignee", "", person.account.login, person.account)
        )
        self.move("In Progress", person.account)
        self.track.enter("build", self.world.now)

    def add(self, change: LiveChange) -> None:
        """Take note of a change made for the ticket."""
        self.changes.append(change)

    def follow(self) -> None:
        """Stand where the least advanced unfinished change stands; be done when none is left."""
        if self.is_finished:
            return
        unfinished = [change for change in self.changes if change.flow_ended_at is None]
        if unfinished:
            stages = [change.track.stage or "build" for change in unfinished]
            self.track.enter(min(stages, key=lambda stage: STAGE_ORDER[stage]), self.world.now)
            return
        self.is_finished = True
        is_delivered = any(change.is_merged for change in self.changes)
        self.move("Done" if is_delivered else "Rejected", self.changes[-1].owner.account)
        self.track.leave(self.world.now, "advanced" if is_delivered else "abandoned")


class ProductBoard:
    """All product people, and the ideas that reach them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.desks = {team.name: ProductDesk(world, team) for team in world.organisation.teams}

    def pulled(self, ticket: LiveTicket) -> None:
        """A developer took a ticket: there is room for another decision."""
        self.desks[ticket.team.name].wake()


class ProductDesk(Worker):
    """The product person of a team: takes ideas in order, decides, and stops when the backlog is full."""

    def __init__(self, world: World, team: Team) -> None:
        self.team = team
        self.random = world.streams.stream("product", team.name)
        self.ideas: deque[LiveTicket] = deque()
        self.feature: LiveFeature | None = None
        self.count = 0
        super().__init__(world, team.product)
        rate = world.scenario.product.ideas_per_developer_week * len(team.developers)
        self._seconds_between_ideas = WORK_WEEK_SECONDS / rate
        self._have_idea_later()

    def choose(self) -> Activity | None:
        """Decide on the oldest idea unless enough is decided already."""
        backlog = self.world.development.backlog[self.team.name]
        limit = self.world.scenario.product.backlog_per_developer * len(self.team.developers)
        if self.ideas and len(backlog) < limit:
            return self._decide(self.ideas.popleft())
        return None

    def _have_idea_later(self) -> None:
        wait = round(self.random.expovariate(1 / self._seconds_between_ideas))
        self.world.at(self.team.calendar.add(self.world.now, wait + 1), self._have_idea)

    def _have_idea(self) -> None:
        self._have_idea_later()
        if len(self.ideas) >= IDEAS_KEPT:
            self.ideas.popleft().drop(self.team.product.account)
        self.ideas.append(self._new_ticket())
        self.wake()

    def _new_ticket(self) -> LiveTicket:
        world, now = self.world, self.world.now
        self.count += 1
        is_feature = chance(self.random, FEATURE_SHARE)
        kind: TicketKind = "feature" if is_feature else "bug" if chance(self.random, 0.5) else "task"
        feature = self._feature_for_next() if is_feature else None
        reporter = self.random.choice([self.team.product, *self.team.developers]).account
        due = now + self.random.randrange(14, 70) * 86_400 if chance(self.random, 0.3) else None
        record = Ticket(
            world.history.next_id("ticket") + 10_000,
            f"{project_key(self.team)}-{self.count}",
            self.team.name,
            kind,
            now,
            reporter,
            feature.record if feature else None,
            due,
        )
        world.history.tickets.append(record)
        ticket = LiveTicket(world, self.team, record, feature)
        if feature:
            feature.add(ticket.record.id)
        return ticket

    def _feature_for_next(self) -> LiveFeature:
        if self.feature is None or self.feature.is_full:
            number = self.world.history.next_id("feature")
            name = f"{self.team.name}-feature-{number}"
            record = Feature(number, name, self.team.name, f"{name}-flag", f"used_{name.replace('-', '_')}")
            self.world.history.features.append(record)
            self.feature = LiveFeature(
                self.world, record, self.team, self.world.scenario.product.tickets_per_feature
            )
        return self.feature

    def _decide(self, ticket: LiveTicket) -> Activity:
        habits = self.world.scenario.product
        random = self.world.streams.stream("decision", ticket.key)
        yield self.working(habits.decision_hours.seconds(random))
        draw = random.random()
        if draw < habits.rejected_share:
            ticket.drop(self.person.account)
            return
        ticket.decide(self.person)
        if draw < habits.rejected_share + habits.tickets_without_change_share:
            later = self.world.now + random.randrange(1, 10) * 86_400
            self.world.at(later, partial(self._finish_without_change, ticket))
        else:
            self.world.development.offer(ticket)

    def _finish_without_change(self, ticket: LiveTicket) -> None:
        ticket.move("Done", self.person.account)
        ticket.is_finished = True
        ticket.track.leave(self.world.now, "advanced")
        if ticket.feature:
            ticket.feature.delivered(ticket.record.id)


def project_key(team: Team) -> str:
    """Return the tracker's project key of a team."""
    return "".join(part[:4] for part in team.name.upper().split("-"))


def handoff_rows(ticket: Ticket) -> Iterator[tuple[Any, ...]]:
    """Yield rows of the truth: a ticket that product handed over, and that its taker assigned."""
    statuses = [change for change in ticket.fields if change.field == "status"]
    ready = ((one, other) for one, other in zip_longest(statuses, statuses[1:]) if one.after == "Ready")
    for number, (decided, taken) in enumerate(ready, 1):
        giver = decided.actor.person if decided.actor else None
        taker = taken.actor.person if taken and taken.actor and taken.after == "In Progress" else None
        settled_at = taken.at if taken else None
        outcome = "accepted" if taken else "pending"
        roles = ("product", "author", number, giver, taker)
        yield (
            *("work_item", ticket.id, "status_transition", *roles),
            *(decided.at, settled_at, outcome, settled_at),
        )
        if taker is not None:
            yield (
                *("work_item", ticket.id, "tracker_assignment", *roles),
                *(settled_at, settled_at, outcome, settled_at),
            )

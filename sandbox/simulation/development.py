"""Developers: they build what is decided, review for each other, mend what was found, and merge.

`Development` knows all developers and notices when a change needs its author; a `Developer` chooses among
mending, reviewing, going on building and taking a new ticket. How a review goes is in `reviewing`, how work
becomes commits in `building`.
"""

from collections import deque
from functools import partial
from typing import TYPE_CHECKING

from sandbox.organisation import Person
from sandbox.simulation.building import Build, open_change, push_work, start_build, update_branch
from sandbox.simulation.changes import LiveChange
from sandbox.simulation.people import Activity, Worker
from sandbox.simulation.reviewing import ask_reviewers, give_review, is_reviewable
from sandbox.simulation.world import World, chance

if TYPE_CHECKING:
    from sandbox.simulation.product import LiveTicket

MINUTE = 60
LOOK_SECONDS = 5 * MINUTE
# Longer than clocks are wrong, so that the vendors' times tell it apart from the check before.
AUTO_MERGE_SECONDS = (12, 40)
HOUR = 3600


class Development:
    """All developers, found by person, and the tickets that wait for them by team."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.random = world.streams.stream("development")
        self.backlog: dict[str, deque[LiveTicket]] = {team.name: deque() for team in world.organisation.teams}
        self.workers = {person.id: Developer(world, person, self) for person in world.organisation.developers}

    def offer(self, ticket: "LiveTicket") -> None:
        """Put a decided ticket where its team can pull it."""
        self.backlog[ticket.team.name].append(ticket)
        for person in ticket.team.developers:
            self.workers[person.id].wake()

    def notice(self, change: LiveChange) -> None:
        """Give the owner of a change what it now needs of them, once per need."""
        duty = duty_of(change)
        if duty == change.duty:
            return
        change.duty = duty
        if not duty:
            return
        if duty == "merge" and change.wants_auto_merge:
            later = self.world.now + self.random.randrange(*AUTO_MERGE_SECONDS)
            self.world.at(later, partial(self.world.merging.auto_merge, change))
            return
        self.workers[change.owner.id].add_duty(change)

    def request_review(self, change: LiveChange, subject: Person | str) -> None:
        """Put a change before a reviewer, or before everybody in the team."""
        people = change.team.developers if isinstance(subject, str) else [subject]
        for person in people:
            if person is not change.author:
                self.workers[person.id].add_review(change)

    def finished(self, change: LiveChange) -> None:
        """Free the owner's hands: the change is merged or given up."""
        worker = self.workers[change.owner.id]
        if change in worker.own:
            worker.own.remove(change)
        worker.wake()


def duty_of(change: LiveChange) -> str:
    """Return what a change needs of its owner: `rework`, `repair`, `merge`, `ask`, or nothing."""
    if not change.is_open or change.is_draft or change.is_queued:
        return ""
    if change.stands_changes_requested():
        return "rework"
    if change.are_checks_done() and not change.are_checks_green():
        return "repair"
    if not change.is_approval_missing():
        return "merge" if change.are_checks_green() else ""
    return "" if change.reviewers else "ask"


class Developer(Worker):
    """A developer at work."""

    def __init__(self, world: World, person: Person, development: Development) -> None:
        self.random = world.streams.stream("developer", person.id)
        self.development = development
        self.own: list[LiveChange] = []
        self.duties: deque[LiveChange] = deque()
        self.reviews: deque[LiveChange] = deque()
        self.reviews_again_at = 0
        self.build: Build | None = None
        super().__init__(world, person)

    def add_duty(self, change: LiveChange) -> None:
        """Take note that an own change needs something."""
        self.duties.append(change)
        self.wake()

    def add_review(self, change: LiveChange) -> None:
        """Take note of a change to look at."""
        if change not in self.reviews:
            self.reviews.append(change)
            self.wake()

    def choose(self) -> Activity | None:
        """Mend first, then review if attention is left, then build, then pull."""
        if self.duties:
            return self._fulfil(self.duties.popleft())
        if self.errands:
            return self.errands.popleft()()
        if self.reviews and self.world.now >= self.reviews_again_at and (change := self._next_review()):
            return self._review(change)
        if self.build:
            return self._go_on(self.build)
        if len(self.own) < self.world.scenario.build.open_changes_limit and (build := self._next_build()):
            self.build = build
            return self._go_on(build)
        return None

    def _next_review(self) -> LiveChange | None:
        while self.reviews:
            change = self.reviews.popleft()
            if is_reviewable(change, self.person):
                return change
        return None

    def _review(self, change: LiveChange) -> Activity:
        started = self.world.now
        yield from give_review(self, change)
        spent = self.person.calendar.worked(self.world.now) - self.person.calendar.worked(started)
        attention = min(0.9, self.world.scenario.review.attention * self.world.follow_up())
        self.reviews_again_at = self.person.calendar.add(
            self.world.now, round(spent * (1 / attention - 1)) + 1
        )
        self.world.at(self.reviews_again_at, self.wake)

    def _next_build(self) -> Build | None:
        habits = self.world.scenario.build
        if chance(self.random, habits.unplanned_share):
            return start_build(self, None)
        backlog = self.development.backlog[self.person.team.name]
        if not backlog:
            return None
        ticket = backlog.popleft()
        self.world.product.pulled(ticket)
        ticket.start(self.person)
        return start_build(self, ticket)

    def _go_on(self, build: Build) -> Activity:
        """Work until the next push; open, push or make ready as the work allows."""
        habits = self.world.scenario.build
        seconds = min(build.seconds_left, round(habits.push_hours * HOUR * self.random.uniform(0.6, 1.4)))
        started = self.world.now
        yield self.working(seconds)
        build.seconds_left -= seconds
        build.commit(self, started)
        is_done = build.seconds_left <= 0
        if build.change.record.heads or build.opens_as_draft or is_done:
            push_work(build)
            open_change(build, self, is_done=is_done)
        if is_done:
            self.build = None
            self.own.append(build.change)
            self.world.merging.may_be_given_up(build.change, self)
            ask_reviewers(build.change, self.random)

    def _fulfil(self, change: LiveChange) -> Activity:
        """Do what a change needs, if it still does."""
        yield self.working(LOOK_SECONDS)
        duty = duty_of(change)
        if duty == "rework":
            yield from self._rework(change)
        elif duty == "repair":
            yield from self._repair(change)
        elif duty == "merge":
            yield from self.world.merging.merge_by_hand(change, self)
        elif duty == "ask":
            ask_reviewers(change, self.random)
        change.duty = ""
        self.development.notice(change)

    def _rework(self, change: LiveChange) -> Activity:
        yield self.working(self.world.scenario.build.rework_hours.seconds(self.random))
        if change.is_open and not change.is_queued:
            is_forced = chance(self.random, self.world.scenario.build.force_push_share)
            update_branch(change, self, "Address review", is_forced=is_forced)
            ask_reviewers(change, self.random, again=True)

    def _repair(self, change: LiveChange) -> Activity:
        """Run failed jobs again where the code is not to blame, else fix it."""
        if self.world.ci.is_worth_a_rerun(change):
            self.world.ci.rerun(change, self.person.account)
            return
        yield self.working(self.world.scenario.build.rework_hours.seconds(self.random))
        if change.is_open and not change.is_queued:
            update_branch(change, self, "Fix the build", is_forced=False)

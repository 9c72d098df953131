"""A person at work: one thing at a time, in working hours, the most pressing next."""

from collections import deque
from collections.abc import Callable, Generator
from typing import Any

import simpy

from sandbox.organisation import Person
from sandbox.simulation.world import World

Activity = Generator[simpy.Event, Any, None]


class Worker:
    """Does what `choose` names next; sleeps until woken if there is nothing."""

    def __init__(self, world: World, person: Person) -> None:
        self.world = world
        self.person = person
        self.errands: deque[Callable[[], Activity]] = deque()
        self._asleep: simpy.Event | None = None
        world.env.process(self._live())

    def choose(self) -> Activity | None:
        """Return the next thing to do, or None for nothing."""
        return self.errands.popleft()() if self.errands else None

    def ask(self, errand: Callable[[], Activity]) -> None:
        """Hand over something to do."""
        self.errands.append(errand)
        self.wake()

    def wake(self) -> None:
        """Let the person look again for something to do."""
        if self._asleep is not None and not self._asleep.triggered:
            self._asleep.succeed()

    def working(self, seconds: int) -> simpy.Event:
        """Return the event that so much working time has passed."""
        now = self.world.now
        return self.world.env.timeout(self.person.calendar.add(now, seconds) - now)

    def _live(self) -> Activity:
        while True:
            now = self.world.now
            begins = self.person.calendar.next_working(now)
            if begins > now:
                yield self.world.env.timeout(begins - now)
            activity = self.choose()
            if activity is None:
                self._asleep = self.world.env.event()
                yield self._asleep
                self._asleep = None
            else:
                yield from activity

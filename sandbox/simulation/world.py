"""What all parts of the simulation share: the clock, the company, the records and the parts themselves."""

from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING

import simpy

from sandbox.gitobjects import Tree, commit_id
from sandbox.history import Account, Commit, Event, EventKind, Push, PushKind, Repository
from sandbox.organisation import Organisation
from sandbox.randomness import Streams
from sandbox.scenario import Scenario
from sandbox.truth import Truth

if TYPE_CHECKING:
    from sandbox.simulation.adoption import Adoption
    from sandbox.simulation.bots import Bots
    from sandbox.simulation.changes import LiveChange
    from sandbox.simulation.ci import Ci
    from sandbox.simulation.development import Development
    from sandbox.simulation.incidents import IncidentDesk
    from sandbox.simulation.merging import Merging
    from sandbox.simulation.product import ProductBoard
    from sandbox.simulation.releases import Releases

NO_SHA = "0" * 40


class World:
    """The shared state; the parts are attached by `run.simulate`."""

    product: "ProductBoard"
    development: "Development"
    ci: "Ci"
    merging: "Merging"
    releases: "Releases"
    incidents: "IncidentDesk"
    adoption: "Adoption"
    bots: "Bots"

    def __init__(self, scenario: Scenario, organisation: Organisation, seed: int) -> None:
        self.scenario = scenario
        self.organisation = organisation
        self.history = organisation.history
        self.truth = Truth()
        self.changes: list[LiveChange] = []
        self.streams = Streams(seed)
        self.env = simpy.Environment(initial_time=organisation.start)
        habits = scenario.assistant
        self._capacity_follows_from = organisation.start + round(
            (organisation.shown_end - organisation.start) * habits.adoption_week_share
        )

    @property
    def now(self) -> int:
        """The present instant in seconds since 1970."""
        return self.env.now  # type: ignore[return-value]  # it starts as an int and only ints are added

    def at(self, instant: int, action: Callable[[], object]) -> None:
        """Let something happen at an instant (now, if that has passed)."""

        def act(_: simpy.Event) -> None:
            action()

        self.env.timeout(max(0, instant - self.now)).callbacks.append(act)

    def follow_up(self) -> float:
        """Return how much review, CI and release capacity has been raised to follow the assistants."""
        return self.scenario.assistant.capacity_follows if self.now >= self._capacity_follows_from else 1.0

    def event(
        self,
        kind: EventKind,
        actor: Account | None,
        subject: Account | str | Event | None = None,
        *,
        detail: str = "",
        sha: str = "",
        before_sha: str = "",
    ) -> Event:
        """Make a timeline event of this instant."""
        return Event(self.history.next_id("event"), self.now, kind, actor, subject, detail, sha, before_sha)

    def push(
        self, repository: Repository, ref: str, before: str, after: str, *, actor: Account, kind: PushKind
    ) -> None:
        """Record the movement of a branch."""
        push_id = self.history.next_id("push")
        repository.pushes.append(Push(push_id, self.now, ref, before, after, actor, kind))

    def commit(
        self,
        repository: Repository,
        parents: tuple[str, ...],
        tree: Tree,
        files: tuple[tuple[str, int], ...],
        *,
        author: Account,
        message: str,
        authored_at: int,
        committed_at: int,
        note: str | None = None,
    ) -> Commit:
        """Make a commit; `tree` is the first parent's with the files written."""
        signature = author.signature
        sha = commit_id(tree, parents, signature.line(authored_at), signature.line(committed_at), message)
        commit = Commit(sha, parents, author, signature, authored_at, committed_at, message, files, note)
        repository.commits.append(commit)
        return commit

    def new_version(self) -> int:
        """Return a number that makes a file's content unlike every other."""
        return self.history.next_id("version")


def chance(random: Random, share: float) -> bool:
    """Return True with the given probability."""
    return random.random() < share

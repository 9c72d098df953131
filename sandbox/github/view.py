"""The history as GitHub would show it now: what is visible, in which state, in which orders.

A view belongs to one instant and is thrown away when the clock moves. States of single records are worked out
when they are asked for and kept.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from sandbox.history import (
    Account,
    Attempt,
    Change,
    Commit,
    Deployment,
    Event,
    Head,
    History,
    Job,
    Push,
    Release,
    Repository,
    Run,
)

RETENTION_SECONDS = 400 * 86_400


@dataclass(slots=True)
class ChangeState:
    """A pull request as it stands."""

    change: Change
    head: Head
    events: list[Event]
    state: str
    is_draft: bool
    updated_at: int
    closed_at: int | None
    queued: Event | None
    auto_merge: Event | None
    reviews: list[Event]
    review_states: dict[int, str]
    requested: "list[Account | str]"
    review_decision: str | None

    @property
    def is_merged(self) -> bool:
        """Whether it is merged by now."""
        return self.state == "MERGED"


class RepositoryView:
    """One repository as of an instant."""

    def __init__(self, repository: Repository, now: int) -> None:
        self.repository = repository
        self.now = now
        self._states: dict[int, ChangeState] = {}

    @property
    def name(self) -> str:
        """Full name, as of now."""
        return self.repository.name_at(self.now)

    def state(self, change: Change) -> ChangeState:
        """Return the state of a visible change."""
        found = self._states.get(change.id)
        if found is None:
            found = self._states[change.id] = change_state(change, self.now)
        return found

    @cached_property
    def changes(self) -> list[ChangeState]:
        """Pull requests in order of their numbers."""
        return [self.state(change) for change in self.repository.changes if change.created_at <= self.now]

    @cached_property
    def changes_by_update(self) -> list[ChangeState]:
        """Pull requests, last updated first."""
        return sorted(self.changes, key=lambda state: (-state.updated_at, -state.change.id))

    def change(self, number: int) -> ChangeState | None:
        """Return the pull request of a number."""
        changes = self.changes
        return changes[number - 1] if 1 <= number <= len(changes) else None

    @cached_property
    def runs(self) -> list[Run]:
        """Runs that have not expired, newest first."""
        since = self.now - RETENTION_SECONDS
        return [run for run in reversed(self.repository.runs) if since <= run.created_at <= self.now]

    @cached_property
    def runs_by_id(self) -> dict[int, Run]:
        """Visible runs by their id."""
        return {run.id: run for run in self.runs}

    @cached_property
    def runs_by_sha(self) -> dict[str, list[Run]]:
        """Visible runs by the commit that they check, oldest first."""
        found: dict[str, list[Run]] = {}
        for run in reversed(self.runs):
            found.setdefault(run.sha, []).append(run)
        return found

    @cached_property
    def deployments(self) -> list[Deployment]:
        """Deployments, newest first."""
        return [item for item in reversed(self.repository.deployments) if item.created_at <= self.now]

    @cached_property
    def releases(self) -> list[Release]:
        """Releases, newest first."""
        return [release for release in reversed(self.repository.releases) if release.created_at <= self.now]

    @cached_property
    def pushes(self) -> list[Push]:
        """Activity, newest first."""
        return [push for push in reversed(self.repository.pushes) if push.at <= self.now]

    @property
    def trunk(self) -> Commit:
        """The head of the default branch."""
        trunk = self.repository.trunk
        return trunk[bisect_right(trunk, self.now, key=lambda item: item[0]) - 1][1]

    def attempts(self, run: Run) -> list[Attempt]:
        """Return the attempts of a run so far."""
        return [attempt for attempt in run.attempts if attempt.started_at <= self.now]


class View:
    """All repositories as of an instant."""

    def __init__(self, history: History, now: int) -> None:
        self.history = history
        self.now = now
        self.repositories = [
            RepositoryView(repository, now)
            for repository in history.repositories
            if repository.created_at <= now
        ]

    def by_name(self, name: str) -> RepositoryView | None:
        """Find a repository by a name that it has, or had."""
        wanted = name.lower()
        for view in self.repositories:
            if any(known.lower() == wanted and since <= self.now for since, known in view.repository.names):
                return view
        return None

    def by_id(self, number: int) -> RepositoryView | None:
        """Find a repository by its id."""
        return next((view for view in self.repositories if view.repository.id == number), None)

    def all_changes(self) -> Iterator[ChangeState]:
        """Yield the pull requests of all repositories."""
        for view in self.repositories:
            yield from view.changes


def change_state(change: Change, now: int) -> ChangeState:
    """Work out how a change stands at an instant not before it was opened."""
    events = [event for event in change.events if event.at <= now]
    head = next(head for head in reversed(change.heads) if head.at <= now)
    stand = _Standing(change.is_draft_at_open)
    for event in events:
        stand.take(event)
    last = max(change.created_at, head.at, *(event.at for event in events))
    decision = stand.decision(change.repository) if change.repository.are_rules_visible else None
    return ChangeState(
        change,
        head,
        events,
        stand.state,
        stand.is_draft,
        last,
        stand.closed_at,
        stand.queued,
        stand.auto_merge,
        stand.reviews,
        stand.review_states,
        stand.requested,
        decision,
    )


class _Standing:
    """What the events of a change add up to."""

    def __init__(self, is_draft: bool) -> None:
        self.is_draft = is_draft
        self.state = "OPEN"
        self.closed_at: int | None = None
        self.queued: Event | None = None
        self.auto_merge: Event | None = None
        self.reviews: list[Event] = []
        self.review_states: dict[int, str] = {}
        self.requested: list[Account | str] = []

    def take(self, event: Event) -> None:
        """Apply one event."""
        if handler := getattr(self, f"_{event.kind}", None):
            handler(event)

    def decision(self, repository: Repository) -> str | None:
        """Return GitHub's review decision."""
        latest: dict[int, str] = {}
        for review in self.reviews:
            state = self.review_states[review.id]
            if (
                state in {"APPROVED", "CHANGES_REQUESTED", "DISMISSED"}
                and review.actor
                and not review.actor.is_bot_type
            ):
                latest[review.actor.id] = state
        if "CHANGES_REQUESTED" in latest.values():
            return "CHANGES_REQUESTED"
        approvals = sum(state == "APPROVED" for state in latest.values())
        return "APPROVED" if approvals >= repository.required_approvals else "REVIEW_REQUIRED"

    def _ready_for_review(self, _: Event) -> None:
        self.is_draft = False

    def _converted_to_draft(self, _: Event) -> None:
        self.is_draft = True

    def _review_requested(self, event: Event) -> None:
        if isinstance(event.subject, Account | str):
            self.requested.append(event.subject)

    def _review_request_removed(self, event: Event) -> None:
        if event.subject in self.requested:
            self.requested.remove(event.subject)  # type: ignore[arg-type]

    def _reviewed(self, event: Event) -> None:
        self.reviews.append(event)
        self.review_states[event.id] = event.detail.upper()
        if event.actor in self.requested:
            self.requested.remove(event.actor)

    def _review_dismissed(self, event: Event) -> None:
        if isinstance(event.subject, Event):
            self.review_states[event.subject.id] = "DISMISSED"

    def _enqueued(self, event: Event) -> None:
        self.queued = event

    def _dequeued(self, _: Event) -> None:
        self.queued = None

    def _auto_merge_enabled(self, event: Event) -> None:
        self.auto_merge = event

    def _closed(self, event: Event) -> None:
        self.closed_at = event.at
        self.auto_merge = None
        if self.state != "MERGED":
            self.state = "CLOSED"

    def _merged(self, _: Event) -> None:
        self.state = "MERGED"

    def _reopened(self, _: Event) -> None:
        self.state, self.closed_at = "OPEN", None


def job_state(job: Job, now: int) -> tuple[str, str | None]:
    """Return GitHub's status and conclusion of a job at an instant."""
    if job.completed_at is not None and job.completed_at <= now:
        return "completed", job.conclusion
    is_running = job.started_at is not None and job.started_at <= now
    return ("in_progress" if is_running else "queued"), None


def run_state(attempt: Attempt, now: int) -> tuple[str, str | None, int]:
    """Return status, conclusion and time of the last change of a run's attempt at an instant."""
    states = [job_state(job, now) for job in attempt.jobs]
    times = [at for job in attempt.jobs for at in (job.created_at, job.started_at, job.completed_at) if at]
    updated = max([attempt.started_at, *(at for at in times if at <= now)])
    if all(status == "completed" for status, _ in states):
        conclusions = {conclusion for _, conclusion in states}
        for worst in ("failure", "timed_out", "cancelled"):
            if worst in conclusions:
                return "completed", worst, updated
        return "completed", "success", updated
    is_running = any(status != "queued" for status, _ in states)
    return ("in_progress" if is_running else "queued"), None, updated

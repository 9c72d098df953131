"""The history as GitLab would show it now: what is visible, and in which state.

A view belongs to one instant and is thrown away when the clock moves. What takes work is worked out when it
is first asked for, and kept.
"""

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property

from sandbox.history import (
    Account,
    Attempt,
    Change,
    Commit,
    Deployment,
    DeploymentStatus,
    Event,
    Head,
    Job,
    Release,
    Repository,
    Run,
    Ticket,
)
from sandbox.organisation import Organisation

OPENED_STATUS = "Idea"
CLOSED_STATUSES = frozenset({"Done", "Rejected"})


@dataclass(slots=True)
class MergeRequest:
    """A merge request as it stands."""

    change: Change
    events: list[Event]
    versions: list[Head]
    state: str
    is_draft: bool
    updated_at: int
    closing: Event | None
    reviewers: list[Account]
    approvals: dict[int, Event]

    @property
    def head(self) -> Head:
        """The source branch."""
        return self.versions[-1]


@dataclass(slots=True)
class Try:
    """A try of a job; `number` is its attempt's."""

    job: Job
    run: Run
    number: int


@dataclass(slots=True)
class Issue:
    """A ticket as it stands, with its number within the project."""

    ticket: Ticket
    number: int
    status: str
    updated_at: int
    closed_at: int | None


class ProjectView:
    """One project as of an instant."""

    def __init__(self, repository: Repository, organisation: Organisation, now: int) -> None:
        self.repository = repository
        self.organisation = organisation
        self.now = now

    @property
    def path(self) -> str:
        """Path with its group, as of now."""
        return self.repository.name_at(self.now)

    @cached_property
    def merge_requests(self) -> list[MergeRequest]:
        """Merge requests in order of their numbers."""
        changes = (change for change in self.repository.changes if change.created_at <= self.now)
        return [merge_request(change, self.now) for change in changes]

    @cached_property
    def numbers_by_branch(self) -> dict[str, int]:
        """Number of the last merge request from a branch."""
        return {change.head_branch: change.number for change in self.repository.changes}

    @cached_property
    def runs(self) -> list[Run]:
        """Pipelines in order of their ids."""
        return [run for run in self.repository.runs if run.created_at <= self.now]

    @cached_property
    def tries(self) -> dict[int, list[Try]]:
        """Tries of jobs by pipeline; what a retry only carried over is no try."""
        return {run.id: self._tries(run) for run in self.runs}

    def _tries(self, run: Run) -> list[Try]:
        return [
            Try(job, run, attempt.number)
            for attempt in run.attempts
            if attempt.started_at <= self.now
            for job in attempt.jobs
            if not _is_carried_over(job, attempt)
        ]

    @cached_property
    def deployments(self) -> list[Deployment]:
        """Deployments in order of their ids."""
        return [item for item in self.repository.deployments if item.created_at <= self.now]

    @cached_property
    def environments(self) -> dict[str, tuple[int, bool]]:
        """Environment → id, and whether it is production."""
        services = [one for one in self.organisation.services if one.repository is self.repository]
        names = [
            (name, is_production)
            for service in services
            for name, is_production in ((service.staging, False), (service.production, True))
        ]
        first = self.repository.id * 100
        return {name: (first + place, is_production) for place, (name, is_production) in enumerate(names)}

    @cached_property
    def tags(self) -> list[Release]:
        """What was tagged."""
        return [release for release in self.repository.releases if release.created_at <= self.now]

    @cached_property
    def releases(self) -> list[Release]:
        """Releases; GitLab knows no drafts."""
        return [one for one in self.tags if one.published_at is not None and one.published_at <= self.now]

    @cached_property
    def issues(self) -> list[Issue]:
        """Tickets of the teams whose first project this is."""
        homes = {team.name: team.repositories[0].id for team in self.organisation.teams}
        tickets = [
            ticket
            for ticket in self.organisation.history.tickets
            if homes[ticket.team] == self.repository.id and ticket.created_at <= self.now
        ]
        return [_issue(ticket, number, self.now) for number, ticket in enumerate(tickets, 1)]

    @property
    def trunk(self) -> Commit:
        """The head of the default branch."""
        trunk = self.repository.trunk
        return trunk[bisect_right(trunk, self.now, key=lambda item: item[0]) - 1][1]


class View:
    """All projects as of an instant."""

    def __init__(self, organisation: Organisation, now: int) -> None:
        self.organisation = organisation
        self.now = now
        self.projects = [
            ProjectView(repository, organisation, now)
            for repository in organisation.history.repositories
            if repository.created_at <= now
        ]

    @cached_property
    def accounts(self) -> dict[int, Account]:
        """Accounts by id."""
        return {account.id: account for account in self.organisation.history.accounts}

    @cached_property
    def issues(self) -> dict[int, tuple[ProjectView, Issue]]:
        """Issues by the id of their ticket."""
        return {issue.ticket.id: (project, issue) for project in self.projects for issue in project.issues}

    def project(self, reference: str) -> ProjectView | None:
        """Find a project by id, or by a path that it has, or had."""
        for project in self.projects:
            names = {name for at, name in project.repository.names if at <= self.now}
            if reference in names or reference == str(project.repository.id):
                return project
        return None


def merge_request(change: Change, now: int) -> MergeRequest:
    """Work out how a change stands at an instant not before it was opened."""
    events = [event for event in change.events if event.at <= now]
    before = [head for head in change.heads if head.at <= change.created_at][-1:]
    versions = [*before, *(head for head in change.heads if change.created_at < head.at <= now)]
    state, is_draft, closing = "opened", change.is_draft_at_open, None
    reviewers: list[Account] = []
    approvals: dict[int, Event] = {}
    for event in events:
        if event.kind in {"ready_for_review", "converted_to_draft"}:
            is_draft = event.kind == "converted_to_draft"
        elif event.kind == "merged":
            state = "merged"
        elif event.kind == "closed" and state != "merged":
            state, closing = "closed", event
        elif event.kind == "reopened":
            state = "opened"
        elif event.kind == "review_requested" and isinstance(event.subject, Account):
            reviewers.append(event.subject)
        elif event.kind == "review_request_removed" and event.subject in reviewers:
            reviewers.remove(event.subject)  # type: ignore[arg-type]
        else:
            _judge(event, approvals)
    last = max(change.created_at, versions[-1].at, *(event.at for event in events))
    return MergeRequest(change, events, versions, state, is_draft, last, closing, reviewers, approvals)


def _judge(event: Event, approvals: dict[int, Event]) -> None:
    """Apply a verdict, or the end of one."""
    if event.kind == "reviewed" and event.actor and event.detail != "commented":
        approvals.pop(event.actor.id, None)
        if event.detail == "approved":
            approvals[event.actor.id] = event
    elif event.kind == "review_dismissed" and isinstance(event.subject, Event) and event.subject.actor:
        approvals.pop(event.subject.actor.id, None)


def _is_carried_over(job: Job, attempt: Attempt) -> bool:
    """Whether a retry lists the job without having run it."""
    return attempt.number > 1 and job.completed_at is not None and job.completed_at <= attempt.started_at


def _issue(ticket: Ticket, number: int, now: int) -> Issue:
    fields = [change for change in ticket.fields if change.at <= now]
    statuses = [change for change in fields if change.field == "status"]
    status = statuses[-1].after if statuses else OPENED_STATUS
    closed_at = statuses[-1].at if status in CLOSED_STATUSES else None
    return Issue(ticket, number, status, max([ticket.created_at, *(one.at for one in fields)]), closed_at)


def ended_at(job: Job) -> int | None:
    """Return when a job ends: by GitLab's own clock, which does not run back as those of runners may."""
    return None if job.completed_at is None else max(job.completed_at, job.started_at or job.completed_at)


def job_status(job: Job, now: int) -> str:
    """Return GitLab's status of a job at an instant."""
    end = ended_at(job)
    if end is not None and end <= now:
        return {"success": "success", "cancelled": "canceled", "skipped": "skipped"}.get(
            job.conclusion or "", "failed"
        )
    return "running" if job.started_at is not None and job.started_at <= now else "pending"


def shown(deployment: Deployment, now: int) -> list[DeploymentStatus]:
    """Return the statuses that GitLab has, too: it does not say that another deployment took the place."""
    return [one for one in deployment.statuses if one.at <= now and one.state != "inactive"]

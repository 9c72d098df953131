"""The tracker as Jira would show it now: issues with their change logs, projects, boards and sprints.

History knows no sprints: every other team works in sprints of two weeks, and a ticket joins the one in which
it is started. Changes that are shown with a ticket whose key they do not bear are linked by hand.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from typing import Literal, NamedTuple

from sandbox.calendar import WEEK
from sandbox.history import Account, Change, FieldChange, Ticket
from sandbox.organisation import Organisation

CATEGORIES = {"new": 2, "indeterminate": 4, "done": 3}
FIRST_STATUS = "Idea"
SPRINT_SECONDS = 2 * WEEK
LINKED_AFTER_SECONDS = 300
_ENTRIES_PER_TICKET = 1000


class Status(NamedTuple):
    """A status of every project; a final one resolves."""

    id: str
    name: str
    category: str
    resolution: tuple[str, str] | None = None


class IssueType(NamedTuple):
    """A type of issue."""

    id: str
    name: str


class Project(NamedTuple):
    """A project; `number` counts from 0."""

    number: int
    id: str
    key: str
    team: str

    @property
    def board_id(self) -> int:
        """The one board that each project has."""
        return self.number + 1

    @property
    def has_sprints(self) -> bool:
        """Whether its board is a scrum board."""
        return self.number % 2 == 0


STATUSES = {
    status.name: status
    for status in (
        Status("10000", FIRST_STATUS, "new"),
        Status("10001", "Ready", "new"),
        Status("3", "In Progress", "indeterminate"),
        Status("10002", "Done", "done", ("10000", "Done")),
        Status("10003", "Rejected", "done", ("10001", "Won't Do")),
    )
}
ISSUE_TYPES = {
    "feature": IssueType("10001", "Story"),
    "bug": IssueType("10004", "Bug"),
    "task": IssueType("10002", "Task"),
}


class Sprint(NamedTuple):
    """A sprint of a board."""

    id: int
    name: str
    starts_at: int
    board_id: int

    @property
    def ends_at(self) -> int:
        """When it is to end; the simulated teams keep to it."""
        return self.starts_at + SPRINT_SECONDS

    def state(self, now: int) -> Literal["future", "active", "closed"]:
        """Return its state as of an instant."""
        if now < self.starts_at:
            return "future"
        return "active" if now < self.ends_at else "closed"


class Item(NamedTuple):
    """A changed field of a change log's entry: values by id and as they are shown."""

    field: str
    field_id: str | None
    before: str | None
    after: str | None
    shown_before: str | None
    shown_after: str | None


class Entry(NamedTuple):
    """An entry of a change log."""

    id: int
    at: int
    author: Account | None
    items: tuple[Item, ...]


class Link(NamedTuple):
    """A link by hand from an issue to a change."""

    id: int
    at: int
    change: Change


@dataclass(slots=True)
class Issue:
    """An issue as it stands."""

    ticket: Ticket
    project: Project
    status: Status
    assignee: Account | None
    resolved_at: int | None
    updated_at: int
    entries: list[Entry] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)


def projects(organisation: Organisation) -> list[Project]:
    """Return a project for each team that ever has a ticket."""
    keys = {ticket.team: ticket.key.rpartition("-")[0] for ticket in organisation.history.tickets}
    teams = [team.name for team in organisation.teams if team.name in keys]
    return [Project(number, str(10_000 + number), keys[team], team) for number, team in enumerate(teams)]


def account_id(account: Account) -> str:
    """Return Atlassian's id of an account: 24 hexadecimal digits."""
    return f"5f{account.id:022x}"


class View:
    """All that is visible at an instant."""

    def __init__(self, organisation: Organisation, now: int) -> None:
        self.organisation = organisation
        self.now = now
        self.projects = projects(organisation)
        self.searches: dict[str, list[Issue]] = {}
        self._by_team = {project.team: project for project in self.projects}

    @cached_property
    def issues(self) -> dict[str, Issue]:
        """Issues by id, in order of creation."""
        tickets = (each for each in self.organisation.history.tickets if each.created_at <= self.now)
        return {str(ticket.id): self._issue(ticket) for ticket in tickets}

    @cached_property
    def ids(self) -> dict[str, str]:
        """Ids by key."""
        return {issue.ticket.key: identity for identity, issue in self.issues.items()}

    def issue(self, reference: str) -> Issue | None:
        """Return the issue of an id or key."""
        return self.issues.get(self.ids.get(reference, reference))

    def project(self, reference: str) -> Project | None:
        """Return the project of an id or key."""
        return next((each for each in self.projects if reference.upper() in {each.id, each.key}), None)

    def sprints(self, project: Project) -> list[Sprint]:
        """Return a project's sprints up to the next one."""
        count = (self.now - self.organisation.start) // SPRINT_SECONDS + 2
        return [self._sprint(project, number) for number in range(count)] if project.has_sprints else []

    def _sprint(self, project: Project, number: int) -> Sprint:
        starts_at = self.organisation.start + number * SPRINT_SECONDS
        name = f"{project.key} Sprint {number + 1}"
        return Sprint(project.board_id * 1000 + number, name, starts_at, project.board_id)

    def _issue(self, ticket: Ticket) -> Issue:
        project = self._by_team[ticket.team]
        links = list(self._links(ticket))
        entries = [*self._changes(ticket, project), *(_link_entry(ticket, link) for link in links)]
        changes = [change for change in ticket.fields if change.at <= self.now]
        statuses = [change for change in changes if change.field == "status"]
        status = STATUSES[statuses[-1].after if statuses else FIRST_STATUS]
        assignees = [change.actor for change in changes if change.field == "assignee"]
        return Issue(
            ticket,
            project,
            status,
            assignees[-1] if assignees else None,
            statuses[-1].at if status.resolution else None,
            max([ticket.created_at, *(entry.at for entry in entries)]),
            sorted(entries, key=lambda entry: (entry.at, entry.id)),
            links,
        )

    def _changes(self, ticket: Ticket, project: Project) -> Iterator[Entry]:
        """What was changed in one go is one entry; its id stays when the clock moves."""
        together = groupby(ticket.fields, key=lambda change: (change.at, change.actor))
        for number, ((at, actor), changes) in enumerate(together):
            if at <= self.now:
                items = tuple(item for change in changes for item in self._items(project, change))
                yield Entry(ticket.id * _ENTRIES_PER_TICKET + number, at, actor, items)

    def _items(self, project: Project, change: FieldChange) -> Iterator[Item]:
        if change.field == "assignee":
            if change.actor:
                after = account_id(change.actor)
                yield Item("assignee", "assignee", None, after, None, change.actor.login)
            return
        before, status = STATUSES[change.before], STATUSES[change.after]
        yield Item("status", "status", before.id, status.id, before.name, status.name)
        if status.resolution:
            identity, name = status.resolution
            yield Item("resolution", "resolution", None, identity, None, name)
        if status.category == "indeterminate" and project.has_sprints:
            sprint = self._sprint(project, (change.at - self.organisation.start) // SPRINT_SECONDS)
            yield Item("Sprint", "customfield_10020", "", str(sprint.id), "", sprint.name)

    def _links(self, ticket: Ticket) -> Iterator[Link]:
        for change in ticket.changes:
            at = change.created_at + LINKED_AFTER_SECONDS
            if change.number and change.shown_ticket and not change.is_ticket_named and at <= self.now:
                yield Link(change.id, at, change)


def _link_entry(ticket: Ticket, link: Link) -> Entry:
    shown = f"This work item links to #{link.change.number}"
    item = Item("RemoteWorkItemLink", None, None, str(link.id), None, shown)
    number = _ENTRIES_PER_TICKET - 1 - link.id % (_ENTRIES_PER_TICKET // 2)
    return Entry(ticket.id * _ENTRIES_PER_TICKET + number, link.at, link.change.author, (item,))

"""What the vendors' systems recorded: accounts, repositories, changes, CI, deployments, tickets, incidents.

Plain records in the order in which things happened, vendor-neutral, with the times the systems would show
(clock skew included). They hold the whole simulated time; what is visible at an instant is for those to say
who serves them. What really happened, and what no system shows, is in `truth`.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from struct import Struct
from typing import ClassVar, Literal, NamedTuple, get_args

from sandbox.gitobjects import EMPTY, Signature, Tree

AccountKind = Literal["human", "ai_agent", "dependency_bot", "ci_bot", "service"]
EventKind = Literal[
    "ready_for_review",
    "converted_to_draft",
    "review_requested",
    "review_request_removed",
    "commented",
    "reviewed",
    "review_dismissed",
    "force_pushed",
    "enqueued",
    "dequeued",
    "auto_merge_enabled",
    "auto_merge_disabled",
    "merged",
    "closed",
    "reopened",
    "labeled",
    "base_changed",
]
PushKind = Literal[
    "push", "force_push", "branch_creation", "branch_deletion", "pr_merge", "merge_queue_merge"
]
TicketKind = Literal["feature", "bug", "task"]
IncidentEventKind = Literal[
    "assigned", "escalated", "acknowledged", "mitigated", "resolved", "reopened", "merged"
]
DeploymentState = Literal["waiting", "queued", "in_progress", "success", "failure", "error", "inactive"]
Trigger = Literal["pull_request", "push", "merge_group"]
Conclusion = Literal["success", "failure", "cancelled", "skipped", "timed_out"]
CONCLUSIONS: tuple[Conclusion, ...] = get_args(Conclusion)


@dataclass(slots=True)
class Account:
    """A login. One person may own several; a bot may call itself a user."""

    id: int
    login: str
    kind: AccountKind
    signature: Signature
    person: int | None = None
    is_bot_type: bool = False
    created_at: int = 0


@dataclass(slots=True)
class Commit:
    """A commit; `files` are the (path, version) pairs that it writes."""

    sha: str
    parents: tuple[str, ...]
    author: Account
    author_signature: Signature
    authored_at: int
    committed_at: int
    message: str
    files: tuple[tuple[str, int], ...]
    note: str | None = None


class Event(NamedTuple):
    """Something in the timeline of a change; `subject` is an account, a team's name or another event."""

    id: int
    at: int
    kind: EventKind
    actor: Account | None
    subject: "Account | str | Event | None" = None
    detail: str = ""
    sha: str = ""
    before_sha: str = ""


class Head(NamedTuple):
    """The branch of a change after a push: what a reader sees from `at` on."""

    at: int
    sha: str
    commits: tuple[Commit, ...]
    additions: int
    deletions: int
    paths: tuple[str, ...]


@dataclass(slots=True)
class Change:
    """A pull or merge request."""

    id: int
    number: int
    repository: "Repository"
    author: Account
    created_at: int
    title: str
    body: str
    head_branch: str
    is_draft_at_open: bool
    base_sha: str
    ticket: "Ticket | None" = None
    heads: list[Head] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    merged_at: int | None = None
    merged_by: Account | None = None
    merge_sha: str | None = None
    reverts: "Change | None" = None


class Push(NamedTuple):
    """A recorded movement of a branch."""

    id: int
    at: int
    ref: str
    before: str
    after: str
    actor: Account
    kind: PushKind


@dataclass(slots=True)
class Job:
    """A job attempt, in the times of its runner's clock; an inherited one keeps those of its first run."""

    pool: ClassVar[str] = "ubuntu-24.04"

    id: int
    name: str
    created_at: int
    started_at: int | None = None
    setup_seconds: int = 0
    completed_at: int | None = None
    conclusion: Conclusion | None = None
    runner: int = 0


@dataclass(slots=True)
class Attempt:
    """One attempt of a run; its jobs are packed once they have ended, for there are many."""

    # The fields of a job in their order; 0 stands for no time.
    FORM: ClassVar[Struct] = Struct("<IBIIHIBH")

    number: int
    started_at: int
    actor: Account
    job_names: tuple[str, ...]
    _jobs: list[Job] | bytes = field(default_factory=list, init=False)

    @property
    def jobs(self) -> list[Job]:
        """The jobs; copies, where they have ended."""
        if isinstance(self._jobs, list):
            return self._jobs
        names = self.job_names
        return [
            Job(number, names[name], created, started or None, setup, ended or None, CONCLUSIONS[end], runner)
            for number, name, created, started, setup, ended, end, runner in self.FORM.iter_unpack(self._jobs)
        ]

    def pack(self) -> None:
        """Pack the jobs if all have ended."""
        if all(job.conclusion is not None for job in self.jobs):
            self._jobs = b"".join(map(self._packed, self.jobs))

    def _packed(self, job: Job) -> bytes:
        return self.FORM.pack(
            job.id,
            self.job_names.index(job.name),
            job.created_at,
            job.started_at or 0,
            job.setup_seconds,
            job.completed_at or 0,
            CONCLUSIONS.index(job.conclusion or "success"),
            job.runner,
        )


@dataclass(slots=True)
class Run:
    """A workflow run with its attempts."""

    id: int
    number: int
    repository: "Repository"
    name: str
    trigger: Trigger
    branch: str
    sha: str
    created_at: int
    attempts: tuple[Attempt, ...] = ()


class DeploymentStatus(NamedTuple):
    """A state that a deployment took."""

    id: int
    at: int
    state: DeploymentState
    creator: Account


@dataclass(slots=True)
class Deployment:
    """A deployment of a sha to an environment."""

    id: int
    repository: "Repository"
    service: str
    environment: str
    is_production: bool
    sha: str
    ref: str
    creator: Account
    created_at: int
    statuses: list[DeploymentStatus] = field(default_factory=list)


@dataclass(slots=True)
class Release:
    """A published (or draft) release of a tag."""

    id: int
    tag: str
    sha: str
    author: Account
    created_at: int
    published_at: int | None
    is_prerelease: bool


@dataclass(slots=True)
class Repository:
    """A repository with everything recorded in it."""

    id: int
    names: list[tuple[int, str]]
    created_at: int
    commits: list[Commit] = field(default_factory=list)
    trunk: list[tuple[int, Commit]] = field(default_factory=list)
    tree: Tree = EMPTY
    changes: list[Change] = field(default_factory=list)
    pushes: list[Push] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    deployments: list[Deployment] = field(default_factory=list)
    releases: list[Release] = field(default_factory=list)
    archived_at: int | None = None
    required_approvals: int = 1
    required_checks: tuple[str, ...] = ()
    are_rules_visible: bool = True

    def name_at(self, at: int) -> str:
        """Return the full name (`owner/name`) at an instant."""
        return next(name for since, name in reversed(self.names) if since <= max(at, self.names[0][0]))


class FieldChange(NamedTuple):
    """A change of one field of a ticket."""

    at: int
    field: str
    before: str
    after: str
    actor: Account | None


@dataclass(slots=True)
class Ticket:
    """A work item of the tracker."""

    id: int
    key: str
    team: str
    kind: TicketKind
    created_at: int
    reporter: Account
    feature: "Feature | None" = None
    due_at: int | None = None
    fields: list[FieldChange] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)


@dataclass(slots=True)
class Feature:
    """A feature behind a flag, and which customers met and used it."""

    id: int
    name: str
    team: str
    flag: str
    key_event: str
    steps: list[tuple[int, float]] = field(default_factory=list)
    exposures: list[tuple[int, str]] = field(default_factory=list)
    uses: list[tuple[int, str]] = field(default_factory=list)


class IncidentEvent(NamedTuple):
    """Something that happened to an incident: by whom, if not by the pager; to whom or into what it went."""

    at: int
    kind: IncidentEventKind
    actor: Account | None
    subject: "Account | Incident | None" = None


@dataclass(slots=True)
class Incident:
    """An incident as the pager saw it; one trouble may have two, until the one is merged into the other."""

    id: int
    number: int
    service: str
    severity: Literal["low", "high"]
    triggered_at: int
    events: list[IncidentEvent] = field(default_factory=list)


class SurveyResponse(NamedTuple):
    """An answer of a customer or developer."""

    at: int
    kind: Literal["csat", "nps"]
    area: str
    score: int


class AssistantSession(NamedTuple):
    """A session of a coding assistant, as its vendor's usage records would show it."""

    at: int
    ended_at: int
    account: Account
    tool: str
    change: Change | None


class History:
    """Everything recorded; ids are given in order of happening, one series per kind."""

    def __init__(self) -> None:
        self.accounts: list[Account] = []
        self.repositories: list[Repository] = []
        self.tickets: list[Ticket] = []
        self.features: list[Feature] = []
        self.incidents: list[Incident] = []
        self.surveys: list[SurveyResponse] = []
        self.sessions: list[AssistantSession] = []
        self._last_id: defaultdict[str, int] = defaultdict(int)

    def next_id(self, kind: str) -> int:
        """Return the next id of a series."""
        self._last_id[kind] += 1
        return self._last_id[kind]

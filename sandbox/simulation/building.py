"""How work becomes commits, pushes and an open change."""

from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

from sandbox.history import Account, AssistantSession, Change, Commit, Head, Repository
from sandbox.organisation import Person, Service, Team
from sandbox.simulation.changes import LiveChange
from sandbox.simulation.world import World, chance

if TYPE_CHECKING:
    from sandbox.simulation.development import Developer
    from sandbox.simulation.product import LiveTicket

HOUR = 3600
LINES_PER_HOUR = 25
ASSISTED_CHANGES = 0.85
TRAILERS = {
    "claude_code": "Co-Authored-By: Claude <noreply@anthropic.com>",
    "copilot": "Co-authored-by: Copilot <copilot@github.com>",
    "cursor": "Co-authored-by: Cursor <cursoragent@cursor.com>",
}
VERBS = ("Add", "Change", "Simplify", "Speed up", "Fix", "Extend", "Remove")
THINGS = (
    "pagination",
    "retry handling",
    "price rounding",
    "login form",
    "cache keys",
    "export",
    "search ranking",
    "address check",
    "audit log",
    "feature toggle",
    "error page",
    "batch import",
)


@dataclass(slots=True)
class Build:
    """A change in the making: what is left to do, what its commits say, and those since the last push."""

    change: LiveChange
    random: Random
    seconds_left: int
    opens_as_draft: bool
    message: str
    lines_per_hour: float
    paths: list[str]
    unpushed: list[Commit] = field(default_factory=list)
    additions: int = 0
    deletions: int = 0

    def commit(self, developer: "Developer", started: int) -> None:
        """Put the work since `started` into a commit."""
        now, record = developer.world.now, self.change.record
        at = started + round((now - started) * self.random.uniform(0.5, 0.95))
        if now - started > 12 * HOUR:
            at = now - self.random.randrange(60, 1200)
        if not self.change.record.heads and not self.unpushed:
            self.change.begin(at)
        self._count(now - started)
        account = developer.person.accounts[-1] if chance(self.random, 0.15) else developer.person.account
        if record.author.kind == "ai_agent":
            account = record.author
        stamped_at = at + developer.person.skew
        parent = (
            self.unpushed[-1] if self.unpushed else record.heads[-1].commits[-1] if record.heads else None
        )
        files = tuple((path, developer.world.new_version()) for path in self.random.sample(self.paths, 1))
        self.change.tree = self.change.tree.with_files(files)
        self.unpushed.append(
            developer.world.commit(
                record.repository,
                (parent.sha if parent else record.base_sha,),
                self.change.tree,
                files,
                author=account,
                message=self.message,
                authored_at=stamped_at,
                committed_at=stamped_at,
            )
        )

    def _count(self, seconds: int) -> None:
        lines = max(
            1, round(min(seconds, 8 * HOUR) / HOUR * self.lines_per_hour * self.random.uniform(0.4, 1.8))
        )
        self.additions += lines
        self.deletions += round(lines * self.random.uniform(0.05, 0.7))


def start_build(developer: "Developer", ticket: "LiveTicket | None") -> Build:
    """Begin a change for a ticket, or one that nobody planned."""
    world, person = developer.world, developer.person
    name = ticket.record.key if ticket else f"unplanned-{person.id}-{world.now}"
    random = world.streams.stream("build", name)
    services, paths = choose_paths(person.team, random)
    title = f"{random.choice(VERBS)} {random.choice(THINGS)}"
    account = person.accounts[-1] if chance(random, 0.03) else person.account
    is_agent = bool(person.assistant_from and person.assistant_from <= world.now) and chance(
        random, world.scenario.assistant.agent_share
    )
    author = world.organisation.bots["copilot-swe-agent[bot]"] if is_agent else account
    repository = services[0].repository if services else world.history.repositories[-1]
    prefix = "copilot" if is_agent else account.login
    key = ticket.record.key if ticket and chance(random, 0.8) else ""
    branch = (
        f"{prefix}/{key.lower() + '-' if key else ''}{title.lower().replace(' ', '-')}-{world.new_version()}"
    )
    body = f"{key}\n" if key else ""
    record = new_change(
        world, repository, author, title=f"{key} {title}".strip(), body=body, branch=branch, ticket=ticket
    )
    change = LiveChange(
        world, record, author=None if is_agent else person, owner=person, team=person.team, services=services
    )
    effort = world.scenario.build.effort_hours.seconds(random) * (0.5 if ticket is None else 1.0)
    factor, trailer, lines = _assistance(change, person, random, is_agent=is_agent)
    record.is_draft_at_open = change.is_draft = is_agent or chance(random, world.scenario.build.draft_share)
    if ticket:
        change.ticket = ticket
        ticket.add(change)
    # One text for all commits of the change: there are too many to keep one each.
    message = f"{record.title}\n\n{trailer}\n" if trailer else f"{record.title}\n"
    return Build(
        change,
        random,
        max(300, round(effort * factor)),
        change.is_draft,
        message,
        LINES_PER_HOUR * lines,
        paths,
    )


def _assistance(
    change: LiveChange, person: Person, random: Random, *, is_agent: bool
) -> tuple[float, str, float]:
    """Return how an assistant changes the effort, the trailer it leaves (or none), and the lines per hour."""
    world, habits = change.world, change.world.scenario.assistant
    is_assisted, is_marked = chance(random, ASSISTED_CHANGES), chance(random, habits.marker_share)
    if is_agent:
        change.assisted = change.is_marked = True
        return habits.build_factor, "", 1.6
    if not person.assistant_from or person.assistant_from > world.now or not is_assisted:
        return 1.0, "", 1.0
    change.assisted, change.is_marked = True, is_marked
    session = AssistantSession(
        world.now, world.now + 2 * HOUR, person.account, person.assistant_tool, change.record
    )
    world.history.sessions.append(session)
    return habits.build_factor, TRAILERS[person.assistant_tool] if is_marked else "", 1.6


def choose_paths(team: Team, random: Random) -> tuple[list[Service], list[str]]:
    """Choose the services and files that a change of the team touches."""
    if len(team.repositories) > 1 and chance(random, 0.05):
        return [], ["README.md", "handbook/guide.md"]
    services = [random.choice(team.services)]
    if len(team.services) > 1 and chance(random, 0.08):
        services = list(team.services)
    paths = [path for service in services for path in random.sample(service.paths, random.randint(1, 4))]
    return services, paths


def new_change(
    world: World,
    repository: Repository,
    author: Account,
    *,
    title: str,
    body: str,
    branch: str,
    ticket: "LiveTicket | None" = None,
) -> Change:
    """Make the record of a change that branches off the head of trunk; its number is given when it opens."""
    record = Change(
        world.history.next_id("change") + 20_000_000,
        0,
        repository,
        author,
        world.now,
        title,
        body,
        branch,
        False,
        repository.trunk[-1][1].sha,
        ticket.record if ticket else None,
    )
    if ticket:
        ticket.record.changes.append(record)
    return record


def push_work(build: Build) -> None:
    """Push the commits made since the last push."""
    change = build.change
    if not build.unpushed:
        return
    old = change.record.heads[-1] if change.record.heads else None
    commits = (*(old.commits if old else ()), *build.unpushed)
    build.unpushed = []
    change.push(head_of(change, commits, build.additions, build.deletions), commits[-1].author)
    change.world.ci.pushed(change)


def head_of(change: LiveChange, commits: tuple[Commit, ...], additions: int, deletions: int) -> Head:
    """Describe the branch as it will be after a push."""
    paths = tuple(dict.fromkeys(path for commit in commits for path, _ in commit.files))
    return Head(change.world.now, commits[-1].sha, commits, additions, deletions, paths)


def open_change(build: Build, developer: "Developer", *, is_done: bool) -> None:
    """Open the pushed work as a draft or ready, or make the draft ready once it is done."""
    change, world = build.change, developer.world
    if not change.is_open:
        if is_done:
            change.is_draft = change.record.is_draft_at_open = False
        give_number(change)
        change.open()
        world.ci.opened(change)
        world.bots.opened(change)
        if is_done and chance(build.random, world.scenario.merge.auto_merge_share):
            change.enable_auto_merge(developer.person.account)
    elif is_done and change.is_draft:
        change.make_ready(developer.person.account)


def give_number(change: LiveChange) -> None:
    """Number the change within its repository, as opening it does."""
    record = change.record
    record.created_at = change.world.now
    record.number = change.world.history.next_id(f"number of {record.repository.id}")


def update_branch(change: LiveChange, developer: "Developer", title: str, *, is_forced: bool) -> None:
    """Push one more commit, or rebase the branch onto today's trunk together with it."""
    world, record, person = developer.world, change.record, developer.person
    repository, old = record.repository, change.record.heads[-1]
    random, now = developer.random, world.now
    commits = list(old.commits)
    if is_forced:
        commits = _rebased(change, person)
    files = ((random.choice(old.paths), world.new_version()),)
    change.tree = change.tree.with_files(files)
    at = now - random.randrange(20, 600) + person.skew
    commits.append(
        world.commit(
            repository,
            (commits[-1].sha,),
            change.tree,
            files,
            author=person.account,
            message=f"{title}\n",
            authored_at=at,
            committed_at=at,
        )
    )
    extra = random.randrange(1, 30)
    head = head_of(change, tuple(commits), old.additions + extra, old.deletions + extra // 3)
    change.push(head, person.account, is_forced=is_forced)
    world.ci.pushed(change)


def _rebased(change: LiveChange, person: Person) -> list[Commit]:
    world, record = change.world, change.record
    repository = record.repository
    parent, tree = repository.trunk[-1][1].sha, repository.tree
    record.base_sha = parent
    commits: list[Commit] = []
    for commit in record.heads[-1].commits:
        tree = tree.with_files(commit.files)
        rebased = world.commit(
            repository,
            (parent,),
            tree,
            commit.files,
            author=commit.author,
            message=commit.message,
            authored_at=commit.authored_at,
            committed_at=world.now - 900 + person.skew,
        )
        commits.append(rebased)
        parent = rebased.sha
    change.tree = tree
    return commits

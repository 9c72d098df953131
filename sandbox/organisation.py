"""The people, teams, repositories and services of the simulated company, before anything happens.

Made from size and seed alone, so that every scenario has the same company. Includes its ordinary oddities:
people with two accounts, bots of which one calls itself a user, a repository without deployments, one that is
renamed, one whose rules the token cannot see.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from sandbox.calendar import WEEK, WorkCalendar, moment
from sandbox.gitobjects import Signature
from sandbox.history import Account, AccountKind, History, Repository
from sandbox.randomness import Streams
from sandbox.scenario import Scenario, Size

COMPANY = "acme"
TEAM_NAMES = (
    "checkout",
    "search",
    "payments",
    "catalog",
    "identity",
    "mobile",
    "pricing",
    "delivery",
    "insights",
    "messaging",
)
ZONES = (
    ("Europe/Berlin", ((1, 1), (5, 1), (10, 3), (12, 25), (12, 26))),
    ("America/New_York", ((1, 1), (7, 4), (11, 26), (12, 25))),
    ("Asia/Kolkata", ((1, 26), (8, 15), (10, 2), (11, 9))),
    ("Europe/London", ((1, 1), (5, 4), (8, 31), (12, 25), (12, 26))),
    ("America/Los_Angeles", ((1, 1), (7, 4), (11, 26), (12, 25))),
)
FIRST_NAMES = (
    "ada",
    "bela",
    "chen",
    "dara",
    "emil",
    "fatou",
    "gita",
    "hugo",
    "ines",
    "jonas",
    "kemi",
    "lars",
    "mina",
    "noor",
    "olga",
    "pavel",
    "quinn",
    "rosa",
    "sami",
    "tara",
    "umar",
    "vera",
    "wim",
    "xenia",
    "yuki",
    "zoe",
)
LAST_NAMES = (
    "abel",
    "brandt",
    "costa",
    "diaz",
    "ekholm",
    "fischer",
    "garg",
    "haas",
    "ito",
    "jansen",
    "kaya",
    "lund",
    "moreau",
    "nair",
    "okafor",
    "petrov",
    "reyes",
    "singh",
    "tanaka",
    "umarov",
    "varga",
    "weber",
    "yilmaz",
    "zhang",
)
BOTS: dict[str, AccountKind] = {
    "dependabot[bot]": "dependency_bot",
    "coderabbitai[bot]": "ci_bot",
    "github-merge-queue[bot]": "service",
    "github-actions[bot]": "service",
    "copilot-swe-agent[bot]": "ai_agent",
}
FILES_PER_SERVICE = 8
TEAMS_PER_APPROVER = 3
SECOND_ACCOUNT_EVERY = 9


@dataclass(slots=True)
class Person:
    """A human being; `accounts[0]` is the one they usually use."""

    id: int
    name: str
    role: str
    team: "Team"
    accounts: list[Account]
    calendar: WorkCalendar
    skew: int
    is_reviewer: bool = True
    assistant_from: int | None = None
    assistant_tool: str = ""

    @property
    def account(self) -> Account:
        """The account of daily use."""
        return self.accounts[0]


@dataclass(slots=True)
class Service:
    """Something that is deployed: a folder of a repository, with its environments."""

    name: str
    team: "Team"
    repository: Repository
    folder: str
    production: str
    staging: str
    has_train: bool = False

    @property
    def paths(self) -> list[str]:
        """The files that belong to the service."""
        return [f"{self.folder}/part_{number}.py" for number in range(FILES_PER_SERVICE)]


@dataclass(slots=True)
class Team:
    """A team with its zone, people and repositories; three teams share one approver of deployments."""

    name: str
    zone: str
    days_off: tuple[date, ...]
    calendar: WorkCalendar
    product: "Person" = field(init=False)
    approver: "Person" = field(init=False)
    developers: list[Person] = field(default_factory=list)
    repositories: list[Repository] = field(default_factory=list)
    services: list[Service] = field(default_factory=list)


@dataclass(slots=True)
class Policy:
    """How a repository merges."""

    has_queue: bool
    is_squashing: bool
    dismisses_stale: bool


class Organisation:
    """The company at the start of the simulated time; others share no name but customers with it."""

    def __init__(
        self,
        scenario: Scenario,
        size: Size,
        seed: int,
        *,
        start: int,
        end: int,
        shown_end: int,
        company: str = COMPANY,
    ) -> None:
        self.company = company
        self._suffix = "" if company == COMPANY else f"-{company}"
        self.start, self.end, self.shown_end = start, end, shown_end
        self._streams = Streams(seed)
        self._history = History()
        self._scenario = scenario
        self.people: list[Person] = []
        self.teams: list[Team] = []
        self.policies: dict[int, Policy] = {}
        self.bots = {
            login: self._account(login, kind, login, is_bot_type=login.endswith("[bot]"))
            for login, kind in BOTS.items()
        }
        # What companies also have: a bot that the vendor calls a user.
        release_login = f"{company}-release"
        self.release_bot = self._account(release_login, "service", release_login)
        for index in range(size.teams):
            self._add_team(index, size)
        self._add_handbook()
        self._choose_policies()
        self.customers = [
            f"customer-{number:04d}"
            for number in range(
                size.teams * size.developers_per_team * scenario.adoption.customers_per_developer
            )
        ]

    @property
    def history(self) -> History:
        """The records, so far of accounts and repositories only."""
        return self._history

    @property
    def services(self) -> list[Service]:
        """All services, team by team."""
        return [service for team in self.teams for service in team.services]

    @property
    def developers(self) -> list[Person]:
        """All developers, team by team."""
        return [person for team in self.teams for person in team.developers]

    def _account(
        self,
        login: str,
        kind: AccountKind,
        name: str,
        *,
        person: int | None = None,
        is_bot_type: bool = False,
    ) -> Account:
        number = self._history.next_id("account") + 5_000_000
        local = login.replace("[bot]", "").lower()
        email = (
            f"{number}+{login}@users.noreply.github.com"
            if number % 2 or is_bot_type
            else f"{local}@{self.company}.example"
        )
        account = Account(
            number, login, kind, Signature(name.title(), email), person, is_bot_type, self.start - 40 * WEEK
        )
        self._history.accounts.append(account)
        return account

    def _add_team(self, index: int, size: Size) -> None:
        base = TEAM_NAMES[index % len(TEAM_NAMES)]
        name = base if index < len(TEAM_NAMES) else f"{base}-{index // len(TEAM_NAMES) + 1}"
        name += self._suffix
        zone, holidays = ZONES[index % len(ZONES)]
        years = range(moment(self.start).year, moment(self.end).year + 2)
        days_off = tuple(date(year, month, day) for year in years for month, day in holidays)
        team = Team(name, zone, days_off, WorkCalendar(zone, self.start, self.end, days_off))
        self.teams.append(team)
        random = self._streams.stream("team", name)
        for number in range(size.developers_per_team):
            person = self._hire(team, "developer", random)
            person.is_reviewer = number < max(
                2, round(size.developers_per_team * self._scenario.review.reviewer_share)
            )
            team.developers.append(person)
        team.product = self._hire(team, "product", random)
        first = self.teams[index - index % TEAMS_PER_APPROVER]
        team.approver = self._hire(team, "approver", random) if first is team else first.approver
        self._add_repository(team, f"{self.company}/{name}", ("api", "web") if index % 2 == 0 else ("",))

    def _hire(self, team: Team, role: str, random: Random) -> Person:
        number = len(self.people)
        first, last = FIRST_NAMES[number % len(FIRST_NAMES)], random.choice(LAST_NAMES)
        login = f"{first}{last[0]}{number}{self._suffix}"
        accounts = [self._account(login, "human", f"{first} {last}", person=number)]
        if number % SECOND_ACCOUNT_EVERY == SECOND_ACCOUNT_EVERY - 1:
            accounts.append(self._account(f"{login}-private", "human", f"{first} {last}", person=number))
        days_off = {*team.days_off, *self._vacation(random)}
        skew = self._scenario.skew_seconds
        person = Person(
            number,
            f"{first} {last}",
            role,
            team,
            accounts,
            WorkCalendar(team.zone, self.start, self.end, days_off),
            random.randint(-skew, skew),
        )
        self._give_assistant(person)
        self.people.append(person)
        return person

    def _vacation(self, random: Random) -> list[date]:
        """Two weeks of each half year, on average."""
        halves = max(1, (self.end - self.start) // (26 * WEEK))
        days: list[date] = []
        for half in range(halves):
            first = moment(self.start + half * 26 * WEEK).date() + timedelta(days=random.randrange(7, 160))
            days += [first + timedelta(days=offset) for offset in range(random.choice((7, 14)))]
        return days

    def _give_assistant(self, person: Person) -> None:
        habits = self._scenario.assistant
        random = self._streams.stream("assistant", person.id)
        is_adopter, tool = (
            random.random() < habits.adoption_share,
            random.choice(("claude_code", "copilot", "cursor")),
        )
        wave = random.randrange(4) * WEEK
        if is_adopter:
            weeks = (self.shown_end - self.start) // WEEK
            person.assistant_from = self.start + round(weeks * habits.adoption_week_share) * WEEK + wave
            person.assistant_tool = tool

    def _add_repository(self, team: Team, name: str, parts: tuple[str, ...]) -> Repository:
        history = self._history
        repository = Repository(
            history.next_id("repository") + 700_000, [(self.start - 30 * WEEK, name)], self.start - 30 * WEEK
        )
        history.repositories.append(repository)
        team.repositories.append(repository)
        for part in parts:
            service = f"{team.name}-{part}" if part else team.name
            folder = f"services/{part}" if part else "src"
            environments = (f"{part}-production", f"{part}-staging") if part else ("production", "staging")
            team.services.append(Service(service, team, repository, folder, *environments))
        return repository

    def _add_handbook(self) -> None:
        """A repository that is never deployed."""
        self._add_repository(self.teams[0], f"{self.company}/handbook", ())

    def _choose_policies(self) -> None:
        scenario = self._scenario
        repositories = self._history.repositories
        for index, repository in enumerate(repositories):
            is_handbook = index == len(repositories) - 1
            has_queue = not is_handbook and index % 5 < round(5 * scenario.merge.queue_share)
            self.policies[repository.id] = Policy(has_queue, index % 3 != 1, index % 4 in {2})
            repository.required_approvals = 2 if index % 7 in {3} else 1
            repository.required_checks = scenario.ci.required_jobs
            repository.are_rules_visible = index % 4 not in {3}
        for index, service in enumerate(self.services):
            service.has_train = (index * 7 + 3) % 10 < round(10 * scenario.release.train_share)
        renamed = repositories[1]
        renamed.names.append(
            (self.start + (self.shown_end - self.start) // 2, f"{renamed.names[0][1]}-service")
        )

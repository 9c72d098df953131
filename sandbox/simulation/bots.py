"""The machines' own part: dependency updates, and a reviewing bot that comments without being asked."""

from functools import partial

from sandbox.history import Repository
from sandbox.organisation import Team
from sandbox.simulation.building import give_number, head_of, new_change
from sandbox.simulation.changes import LiveChange
from sandbox.simulation.reviewing import ask_reviewers
from sandbox.simulation.world import World, chance

WEEK = 7 * 86_400
LIBRARIES = ("requests", "numpy", "django", "redis", "pytest", "urllib3", "attrs", "jinja2")


class Bots:
    """Opens dependency updates every week or two in each repository, and comments on people's changes."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._random = world.streams.stream("bots")
        for team in world.organisation.teams:
            for repository in team.repositories:
                self._plan_update(team, repository)

    def _plan_update(self, team: Team, repository: Repository) -> None:
        wait = self._random.randrange(WEEK // 2, 2 * WEEK)
        self.world.at(self.world.now + wait, partial(self._update, team, repository))

    def _update(self, team: Team, repository: Repository) -> None:
        self._plan_update(team, repository)
        world, bot = self.world, self.world.organisation.bots["dependabot[bot]"]
        library = self._random.choice(LIBRARIES)
        branch = f"dependabot/pip/{library}-{world.new_version()}"
        record = new_change(world, repository, bot, title=f"Bump {library}", body="", branch=branch)
        services = [service for service in team.services if service.repository is repository][:1]
        path = services[0].paths[0] if services else "README.md"
        owner = self._random.choice(team.developers)
        change = LiveChange(world, record, author=None, owner=owner, team=team, services=services)
        files = ((path, world.new_version()),)
        change.tree = change.tree.with_files(files)
        commit = world.commit(
            repository,
            (record.base_sha,),
            change.tree,
            files,
            author=bot,
            message=f"Bump {library}\n",
            authored_at=world.now,
            committed_at=world.now,
        )
        change.begin(world.now)
        change.push(head_of(change, (commit,), 2, 2), bot)
        give_number(change)
        change.open()
        world.ci.opened(change)
        ask_reviewers(change, self._random)

    def opened(self, change: LiveChange) -> None:
        """Comment on a change some minutes after it opened, sometimes."""
        if chance(self._random, self.world.scenario.review.bot_review_share):
            self.world.at(self.world.now + self._random.randrange(60, 400), partial(self._comment, change))

    def _comment(self, change: LiveChange) -> None:
        if change.is_open:
            change.review(self.world.organisation.bots["coderabbitai[bot]"], None, "commented")

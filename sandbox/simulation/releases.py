"""Deployments: a pipeline for each service, by train with an approval gate or for each merge.

A pipeline has at most one attempt under way per environment. What an attempt carries is what trunk holds at
its sha; failed attempts are repeated, incidents roll back.
"""

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from sandbox.history import Account, Deployment, DeploymentState, DeploymentStatus, Release
from sandbox.organisation import Service
from sandbox.simulation.people import Activity, Worker
from sandbox.simulation.world import World, chance

if TYPE_CHECKING:
    from sandbox.simulation.changes import LiveChange

HOUR = 3600
DAY = 24 * HOUR
TRAIN_HOUR = 14
SOON_SECONDS = 300


@dataclass(slots=True, eq=False)
class LiveDeployment:
    """An attempt to bring a commit live."""

    record: Deployment
    position: int
    carried: list["LiveChange"] = field(default_factory=list)
    is_gate_open: bool = False
    is_rollback: bool = False
    is_redeploy: bool = False
    gate_opened_at: int | None = None
    gate_decided_at: int | None = None
    started_at: int | None = None
    finished_at: int | None = None
    status: str = "queued"


class Releases:
    """All pipelines, and the people who approve."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.pipelines = {service.name: Pipeline(world, service) for service in world.organisation.services}
        approvers = {team.approver.id: team.approver for team in world.organisation.teams}
        self.approvers = {number: Worker(world, person) for number, person in approvers.items()}
        self.deployments: list[tuple[Service, LiveDeployment]] = []

    def merged(self, change: "LiveChange") -> None:
        """Let a merged change wait for the deployment of the services that it touches in the end."""
        paths = change.record.heads[-1].paths
        change.services = [
            service
            for service in change.services
            if any(path.startswith(f"{service.folder}/") for path in paths)
        ]
        if not change.services:
            change.end("not_applicable")
            return
        change.handoffs.awaits_deployment()
        change.follow_deployments()
        for service in change.services:
            self.pipelines[service.name].merged(change)


class Pipeline:
    """The way of one service to production."""

    def __init__(self, world: World, service: Service) -> None:
        self.world = world
        self.service = service
        self.random = world.streams.stream("pipeline", service.name)
        self.waiting: list[LiveChange] = []
        self.live: LiveDeployment | None = None
        self.successes: list[LiveDeployment] = []
        self._rolled_back: list[LiveChange] = []
        self._shown_live: dict[str, Deployment] = {}
        self._is_planned = False
        self._trains = 0
        company = world.organisation
        self.actor = company.release_bot if service.has_train else company.bots["github-actions[bot]"]
        if service.has_train:
            self._plan_train()

    def merged(self, change: "LiveChange") -> None:
        """Take a change on board of the next deployment."""
        self.waiting.append(change)
        if not self.service.has_train:
            self._deploy_soon()

    def _deploy_soon(self) -> None:
        if not self._is_planned and self.live is None and self.waiting:
            self._is_planned = True
            self.world.at(self.world.now + SOON_SECONDS, self._deploy_planned)

    def _deploy_planned(self) -> None:
        self._is_planned = False
        if self.live is None and self.waiting:
            self._deploy_to_staging(self._head())

    # Trains.

    def _plan_train(self) -> None:
        days = max(1, round(self.world.scenario.release.train_days / self.world.follow_up()))
        calendar, day = self.service.team.calendar, self.world.now + days * DAY
        midnight = day - day % DAY
        self.world.at(calendar.next_working(midnight + TRAIN_HOUR * HOUR), self._depart)

    def _depart(self) -> None:
        self._plan_train()
        if self.live is None and self.waiting:
            self._trains += 1
            on_board = self.waiting[: self.world.scenario.release.changes_per_train]
            is_full = len(on_board) < len(self.waiting)
            position = on_board[-1].merge_position if is_full else self._head()
            self._tag(position)
            self._deploy_to_staging(position)

    def _head(self) -> int:
        return len(self.service.repository.trunk) - 1

    def _tag(self, position: int) -> None:
        repository, now = self.service.repository, self.world.now
        is_prerelease = self._trains % 7 == 0
        published_at = None if self._trains % 11 == 0 else now + 60
        tag = f"{self.service.name}-v1.{self._trains}.0" + ("-rc.1" if is_prerelease else "")
        release = Release(
            self.world.history.next_id("release") + 60_000_000,
            tag,
            repository.trunk[position][1].sha,
            self.actor,
            now,
            published_at,
            is_prerelease,
        )
        repository.releases.append(release)

    # Attempts.

    def _new(self, position: int, environment: str, *, is_production: bool) -> LiveDeployment:
        service, history = self.service, self.world.history
        record = Deployment(
            history.next_id("deployment") + 30_000_000,
            service.repository,
            service.name,
            environment,
            is_production,
            service.repository.trunk[position][1].sha,
            "main",
            self.actor,
            self.world.now,
        )
        service.repository.deployments.append(record)
        deployment = LiveDeployment(record, position)
        self.world.releases.deployments.append((service, deployment))
        return deployment

    def _status(
        self, deployment: LiveDeployment, state: DeploymentState, actor: Account | None = None
    ) -> None:
        number = self.world.history.next_id("deployment status") + 80_000_000
        status = DeploymentStatus(number, self.world.now, state, actor or self.actor)
        deployment.record.statuses.append(status)
        deployment.status = state

    def _deploy_to_staging(self, position: int) -> None:
        staging = self._new(position, self.service.staging, is_production=False)
        self.live = staging
        self._status(staging, "in_progress")
        staging.started_at = self.world.now
        seconds = max(30, round(self.world.scenario.release.deploy_hours.seconds(self.random) * 0.6))
        self.world.at(self.world.now + seconds, partial(self._staged, staging))

    def _staged(self, staging: LiveDeployment) -> None:
        self._succeed(staging)
        self.attempt(staging.position)

    def attempt(
        self, position: int, *, is_rollback: bool = False, is_redeploy: bool = False, is_urgent: bool = False
    ) -> LiveDeployment:
        """Begin to bring the trunk commit at `position` to production."""
        deployment = self._new(position, self.service.production, is_production=True)
        deployment.is_rollback, deployment.is_redeploy = is_rollback, is_redeploy
        self.live = deployment
        deployment.carried = [change for change in self.waiting if change.merge_position <= position]
        has_gate = self.service.has_train and not is_urgent
        if has_gate:
            deployment.is_gate_open, deployment.gate_opened_at = True, self.world.now
            self._status(deployment, "waiting")
        for change in deployment.carried:
            change.attempts.append(deployment)
            change.handoffs.deployment_created()
            if has_gate:
                change.handoffs.gate_opened()
            change.follow_deployments()
        if has_gate:
            approver = self.world.releases.approvers[self.service.team.approver.id]
            approver.ask(partial(self._approve, deployment, approver))
        else:
            self._status(deployment, "queued")
            self._execute_soon(deployment)
        return deployment

    def _approve(self, deployment: LiveDeployment, approver: Worker) -> Activity:
        habits = self.world.scenario.release
        hours = habits.gate_hours.scaled(1 / self.world.follow_up())
        yield approver.working(hours.seconds(self.random))
        deployment.is_gate_open, deployment.gate_decided_at = False, self.world.now
        for change in deployment.carried:
            change.handoffs.gate_decided(approver.person)
        if chance(self.random, habits.gate_rejected_share):
            self._fail(deployment, approver.person.account)
            return
        self._status(deployment, "queued", approver.person.account)
        for change in deployment.carried:
            change.follow_deployments()
        self._execute_soon(deployment)

    def _execute_soon(self, deployment: LiveDeployment) -> None:
        self.world.at(self.world.now + self.random.randrange(3, 30), partial(self._execute, deployment))

    def _execute(self, deployment: LiveDeployment) -> None:
        self._status(deployment, "in_progress")
        deployment.started_at = self.world.now
        seconds = max(30, self.world.scenario.release.deploy_hours.seconds(self.random))
        is_failing = (
            chance(self.random, self.world.scenario.release.failed_share) and not deployment.is_rollback
        )
        finish = self._fail_and_retry if is_failing else self._go_live
        self.world.at(self.world.now + seconds, partial(finish, deployment))

    def _go_live(self, deployment: LiveDeployment) -> None:
        self._succeed(deployment)
        self.live = None
        again = self._live_again(deployment.position)
        self.successes.append(deployment)
        carried = {change.record.id for change in deployment.carried}
        self.waiting = [change for change in self.waiting if change.record.id not in carried]
        for change in deployment.carried:
            change.attempts.remove(deployment)
            is_first = change.deployed_at is None and change.flow_ended_at is None
            change.deployed()
            if is_first and change.deployed_at is not None:
                self.world.adoption.deployed(change)
        for change in (*deployment.carried, *again):
            self.world.truth.note(
                "deployment_changes", deployment.record.id, self.service.name, change.record.id
            )
        self.world.incidents.deployed(self, deployment)
        if not self.service.has_train:
            self._deploy_soon()

    def _live_again(self, position: int) -> "list[LiveChange]":
        """Return what a rollback took away and `position` brings back; note what it takes away itself."""
        before = self.successes[-1].position if self.successes else position
        if position < before:
            taken = (change for success in self.successes for change in success.carried)
            lost = (change for change in taken if position < change.merge_position <= before)
            self._rolled_back += {change.record.id: change for change in lost}.values()
            return []
        again = [change for change in self._rolled_back if change.merge_position <= position]
        self._rolled_back = [change for change in self._rolled_back if change.merge_position > position]
        return again

    def _succeed(self, deployment: LiveDeployment) -> None:
        environment = deployment.record.environment
        if before := self._shown_live.get(environment):
            number = self.world.history.next_id("deployment status") + 80_000_000
            before.statuses.append(DeploymentStatus(number, self.world.now, "inactive", self.actor))
        self._shown_live[environment] = deployment.record
        self._status(deployment, "success")
        deployment.finished_at = self.world.now

    def _fail(self, deployment: LiveDeployment, actor: Account | None = None) -> None:
        self._status(deployment, "failure", actor)
        deployment.finished_at = self.world.now
        self.live = None
        for change in deployment.carried:
            change.attempts.remove(deployment)
            change.follow_deployments()

    def _fail_and_retry(self, deployment: LiveDeployment) -> None:
        self._fail(deployment)
        later = self.service.team.calendar.add(self.world.now, self.random.randrange(HOUR // 4, 3 * HOUR))
        self.world.at(later, partial(self._retry, deployment))

    def _retry(self, deployment: LiveDeployment) -> None:
        is_outdated = any(success.position >= deployment.position for success in self.successes[-1:])
        if self.live is None and not is_outdated:
            self.attempt(deployment.position, is_redeploy=True, is_urgent=True)

    def roll_back(self, broken: LiveDeployment) -> LiveDeployment | None:
        """Bring back what was live before `broken`; None where nothing was or another attempt runs."""
        earlier = [item for item in self.successes if item.position < broken.position]
        if self.live is not None or not earlier:
            return None
        return self.attempt(earlier[-1].position, is_rollback=True, is_urgent=True)

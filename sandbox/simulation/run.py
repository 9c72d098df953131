"""Put the parts together, let the time pass, and close the books."""

import gc
import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, starmap, zip_longest
from typing import Any

from sandbox.calendar import DAY, WEEK, instant
from sandbox.gitobjects import EMPTY
from sandbox.history import Account, AssistantSession, Feature, History, Repository, SurveyResponse, Ticket
from sandbox.organisation import COMPANY, Organisation, Service
from sandbox.scenario import Scenario, Size
from sandbox.simulation import paging, product
from sandbox.simulation.adoption import Adoption, LiveFeature
from sandbox.simulation.bots import Bots
from sandbox.simulation.changes import LiveChange
from sandbox.simulation.ci import Ci
from sandbox.simulation.development import Development
from sandbox.simulation.incidents import IncidentDesk
from sandbox.simulation.merging import Merging
from sandbox.simulation.releases import LiveDeployment, Releases
from sandbox.simulation.world import NO_SHA, World
from sandbox.truth import Truth

# A Monday; runs that do not say otherwise end here, so that equal parameters give equal data on any day.
DEFAULT_END = instant(datetime(2026, 6, 1, tzinfo=UTC))
WEEKS_AHEAD = 4
REVIEW_EVENTS = {"review_requested", "review_request_removed", "commented", "reviewed"}


@dataclass(slots=True)
class Simulation:
    """What a simulation leaves: the company, its records, the truth; shown at first up to `shown_end`."""

    scenario: Scenario
    seed: int
    size: str
    weeks: int
    organisation: Organisation
    truth: Truth
    changes: list[LiveChange]
    shown_end: int

    @property
    def history(self) -> History:
        """The records of the vendors' systems."""
        return self.organisation.history

    def digest(self) -> str:
        """Return a name for everything that happened; equal parameters give equal names on any machine."""
        digest = hashlib.sha256()
        for repository in self.history.repositories:
            for commit in repository.commits:
                digest.update(commit.sha.encode())
            _add_list(digest, ((push.id, push.at, push.ref) for push in repository.pushes))
            attempts = (attempt for run in repository.runs for attempt in run.attempts)
            jobs = (job for attempt in attempts for job in attempt.jobs)
            _add_list(digest, ((job.id, job.started_at, job.completed_at) for job in jobs))
        names = sorted({*self.truth.tables, *self.truth.derived})
        for rows in (self.truth.visits(), self.truth.handoffs, *map(self.truth.rows, names)):
            for row in rows:
                digest.update(repr(tuple(row)).encode())
        return digest.hexdigest()


def _add_list(digest: "hashlib._Hash", rows: Iterable[tuple[Any, ...]]) -> None:
    """Add rows as Python writes a list of them, one at a time: there may be millions."""
    digest.update(b"[")
    for number, row in enumerate(rows):
        digest.update((", " if number else "").encode() + repr(row).encode())
    digest.update(b"]")


def simulate(
    scenario: Scenario,
    size: Size,
    *,
    size_name: str = "",
    seed: int = 1,
    weeks: int = 52,
    end: int = DEFAULT_END,
    weeks_ahead: int = WEEKS_AHEAD,
    company: str = COMPANY,
) -> Simulation:
    """Simulate `weeks` up to `end` and some weeks more, into which the clock may later be moved."""
    end -= end % DAY
    start = end - weeks * WEEK
    organisation = Organisation(
        scenario,
        size,
        seed,
        start=start,
        end=end + weeks_ahead * WEEK,
        shown_end=end,
        company=company,
    )
    world = World(scenario, organisation, seed)
    _plant_trunks(world)
    world.development = Development(world)
    world.ci = Ci(world)
    world.merging = Merging(world)
    world.releases = Releases(world)
    world.incidents = IncidentDesk(world)
    world.adoption = Adoption(world)
    world.bots = Bots(world)
    world.product = product.ProductBoard(world)
    with _without_collector():
        world.env.run(until=organisation.end)
        _close_books(world, size_name, seed, weeks)
    return Simulation(scenario, seed, size_name, weeks, organisation, world.truth, world.changes, end)


@contextmanager
def _without_collector() -> Iterator[None]:
    """Keep the cycle collector away: nearly everything made here stays, and walking it again costs most."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _plant_trunks(world: World) -> None:
    """Give each repository its first commit."""
    bot = world.organisation.release_bot
    for repository in world.history.repositories:
        at = repository.created_at
        paths = ["README.md", "VERSION", "handbook/guide.md"]
        for service in world.organisation.services:
            if service.repository is repository:
                paths += service.paths
        files = tuple((path, world.new_version()) for path in paths)
        tree = EMPTY.with_files(files)
        commit = world.commit(
            repository,
            (),
            tree,
            files,
            author=bot,
            message=f"Begin {world.organisation.company}\n",
            authored_at=at,
            committed_at=at,
        )
        repository.tree = tree
        repository.trunk.append((at, commit))
        world.push(repository, "refs/heads/main", NO_SHA, commit.sha, actor=bot, kind="branch_creation")
        push = repository.pushes.pop()
        repository.pushes.append(push._replace(at=at))


def _close_books(world: World, size: str, seed: int, weeks: int) -> None:
    """Complete the truth; what follows from records and live objects is made from them when it is written."""
    truth, organisation = world.truth, world.organisation
    for change in world.changes:
        change.handoffs.flush()
    opened = [change for change in world.changes if change.record.number]
    truth.derive("changes", lambda: map(_change_row, opened))
    truth.derive("pushes", lambda: _pushes(opened))
    truth.derive("closings", lambda: _closings(opened))
    truth.derive("change_services", lambda: _change_services(opened))
    truth.derive("review_events", lambda: _review_events(opened))
    truth.derive("ci_jobs", lambda: _ci_jobs(world))
    truth.derive("working_hours", lambda: _working_hours(organisation))
    truth.derive("survey_responses", lambda: _surveys(world.history.surveys))
    truth.derive("assistant_sessions", lambda: _sessions(world.history.sessions))
    truth.derive("deployments", lambda: starmap(_deployment_row, world.releases.deployments))
    truth.derive("releases", lambda: _releases(world.history.repositories))
    noticed = [incident for incident in world.incidents.incidents if incident.record]
    truth.derive("incidents", lambda: map(paging.incident_row, noticed))
    truth.derive("pages", lambda: chain.from_iterable(map(paging.page_rows, noticed)))
    truth.derive("resolutions", lambda: chain.from_iterable(map(paging.resolution_rows, noticed)))
    truth.derive("item_handoffs", lambda: _item_handoffs(world.history.tickets, noticed))
    truth.derive("tickets", lambda: map(_ticket_row, world.history.tickets))
    truth.derive("features", lambda: map(_feature_row, world.adoption.features))
    truth.derive("customers", lambda: ((customer,) for customer in organisation.customers))
    truth.derive("feature_customers", lambda: _feature_customers(world.history.features))
    for account in world.history.accounts:
        team = organisation.people[account.person].team.name if account.person is not None else None
        truth.note("account_owners", account.id, account.login, account.kind, account.person, team)
    for person in organisation.people:
        if person.assistant_from is not None:
            truth.note("assistant_adoptions", person.id, person.assistant_tool, person.assistant_from)
    truth.note(
        "run",
        world.scenario.name,
        seed,
        size,
        weeks,
        organisation.start,
        organisation.shown_end,
        organisation.end,
        world.scenario.skew_seconds,
    )


def _item_handoffs(
    tickets: Iterable[Ticket],
    incidents: Iterable[paging.LiveIncident],
) -> Iterator[tuple[Any, ...]]:
    yield from chain.from_iterable(map(product.handoff_rows, tickets))
    yield from chain.from_iterable(map(paging.handoff_rows, incidents))


def _pushes(changes: Iterable[LiveChange]) -> Iterator[tuple[Any, ...]]:
    for change in changes:
        for head in change.record.heads:
            yield change.record.id, head.sha, head.at


def _closings(changes: Iterable[LiveChange]) -> Iterator[tuple[Any, ...]]:
    for change in changes:
        events = [event for event in change.record.events if event.kind in {"closed", "reopened"}]
        for closing, reopening in zip_longest(events[::2], events[1::2]):
            yield change.record.id, closing.at, reopening.at if reopening else None


def _change_services(changes: Iterable[LiveChange]) -> Iterator[tuple[Any, ...]]:
    for change in changes:
        for service in change.services:
            yield change.record.id, service.name


def _review_events(changes: Iterable[LiveChange]) -> Iterator[tuple[Any, ...]]:
    """Yield who was asked to review and who looked at it; a person is null where it was a machine."""
    for change in changes:
        for event in change.record.events:
            if event.kind in REVIEW_EVENTS:
                asked = event.subject
                yield (
                    change.record.id,
                    event.kind,
                    event.at,
                    event.actor.person if event.actor else None,
                    asked.person if isinstance(asked, Account) else None,
                    asked if isinstance(asked, str) else None,
                )


def _ci_jobs(world: World) -> Iterator[tuple[Any, ...]]:
    """Yield each attempt at a job in true times; one called off as it was to begin ends before it does."""
    for repository in world.history.repositories:
        for run in repository.runs:
            for attempt in run.attempts:
                for job in attempt.jobs:
                    skew = world.ci.pool.skew(job.runner) if job.runner else 0
                    started_at = job.started_at - skew if job.started_at else None
                    finished_at = job.completed_at
                    if finished_at is not None and job.conclusion != "cancelled":
                        finished_at -= skew
                    yield (
                        job.id,
                        repository.id,
                        run.sha,
                        job.name,
                        attempt.number,
                        job.created_at,
                        started_at,
                        finished_at,
                        job.conclusion,
                        job.setup_seconds,
                        skew,
                        started_at is not None and started_at < job.created_at,
                    )


def _working_hours(organisation: Organisation) -> Iterator[tuple[Any, ...]]:
    for team in organisation.teams:
        for opens_at, closes_at in team.calendar.hours():
            yield team.name, opens_at, closes_at


def _surveys(answers: Iterable[SurveyResponse]) -> Iterator[tuple[Any, ...]]:
    for answer in answers:
        yield answer.kind, answer.area, answer.score, answer.at


def _sessions(sessions: Iterable[AssistantSession]) -> Iterator[tuple[Any, ...]]:
    for session in sessions:
        change = session.change.id if session.change else None
        yield session.account.id, session.tool, change, session.at, session.ended_at


def _deployment_row(service: Service, deployment: LiveDeployment) -> tuple[Any, ...]:
    record = deployment.record
    return (
        record.id,
        record.repository.id,
        service.name,
        record.environment,
        record.is_production,
        record.sha,
        record.created_at,
        deployment.started_at,
        deployment.finished_at,
        deployment.status,
        deployment.is_rollback,
        deployment.is_redeploy,
        deployment.gate_opened_at,
        deployment.gate_decided_at,
    )


def _releases(repositories: Iterable[Repository]) -> Iterator[tuple[Any, ...]]:
    for repository in repositories:
        for release in repository.releases:
            yield release.id, repository.id, release.published_at, release.is_prerelease


def _ticket_row(ticket: Ticket) -> tuple[Any, ...]:
    feature = ticket.feature.name if ticket.feature else None
    return ticket.id, ticket.key, ticket.team, ticket.kind, feature, ticket.due_at


def _feature_row(feature: LiveFeature) -> tuple[Any, ...]:
    record = feature.record
    return record.name, record.flag, record.key_event, feature.exposed_at, feature.adopted_at


def _feature_customers(features: Iterable[Feature]) -> Iterator[tuple[Any, ...]]:
    for feature in features:
        first_uses = {customer: at for at, customer in reversed(feature.uses)}
        for at, customer in feature.exposures:
            yield feature.name, customer, at, first_uses.get(customer)


def _change_row(change: LiveChange) -> tuple[Any, ...]:
    record = change.record
    first = record.heads[0].commits[0]
    return (
        record.id,
        record.repository.id,
        record.number,
        change.author.id if change.author else None,
        change.team.name,
        change.ticket.key if change.ticket else None,
        record.reverts.id if record.reverts else None,
        change.work_started_at,
        first.authored_at - change.owner.skew,
        record.created_at,
        record.merged_at,
        record.merge_sha,
        change.deployed_at,
        change.exposed_at,
        change.adopted_at,
        change.flow_ended_at,
        change.state,
        change.ticket is not None and change.ticket.key in record.title,
        change.assisted,
        change.is_marked,
        change.handoffs.round_number,
        change.owner.skew,
    )

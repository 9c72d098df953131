"""CI, deployments and assistants that other systems tell of, beside the forge that hosts the changes.

The simulated company builds and deploys with Jenkins, and uses every vendor that fits beside it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from support.homes import GITLAB, JENKINS, SIZE, WEEKS
from support.published import query

from sandbox.history import Deployment, Repository, Run
from sandbox.simulation import Simulation

FORGE, CI = f"{JENKINS.name}-github", f"{JENKINS.name}-jenkins"


@dataclass(frozen=True)
class Company:
    """What was loaded, and where it was published."""

    simulation: Simulation
    home: Path

    def query(self, sql: str) -> list[dict[str, Any]]:
        return query(self.home, sql)

    def warehouse(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.home / "warehouse.duckdb"), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    @property
    def hosted(self) -> list[Repository]:
        """Repositories that kept their name, which alone can be found by it."""
        end = self.simulation.shown_end
        return [
            each
            for each in self.simulation.history.repositories
            if len([name for since, name in each.names if since <= end]) == 1
        ]


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    return Company(JENKINS.simulated(SIZE, WEEKS), GITLAB.built(tmp_path_factory))


def instant(at: int) -> datetime:
    return datetime.fromtimestamp(at, UTC).replace(tzinfo=None)


def shown_attempts(company: Company) -> dict[int, Run]:
    """Runs of changes by the instant of an attempt, where it is the only one of that instant."""
    end = company.simulation.shown_end
    found = [
        (attempt.started_at, run)
        for repository in company.hosted
        for run in repository.runs
        for attempt in run.attempts
        if run.trigger == "pull_request" and attempt.started_at <= end
    ]
    times = Counter(at for at, _ in found)
    return {at: run for at, run in found if times[at] == 1}


def test_builds_meet_the_changes_that_they_tested(company: Company) -> None:
    rows = company.query(
        "select runs.queued_at, runs.sha, changes.number, repositories.name, repositories.connection "
        "from marts.fct_ci_runs as runs "
        "join marts.dim_repository as repositories using (repository_key) "
        "left join marts.fct_changes as changes using (change_key) "
        f"where runs.connection = '{CI}'"
    )
    told = {instant(at): run for at, run in shown_attempts(company).items()}
    numbers = {
        (change.repository.id, head.sha): change.number
        for repository in company.hosted
        for change in repository.changes
        for head in change.heads
    }
    checked = 0
    for row in rows:
        run = told.get(row["queued_at"])
        if run is None or run.sha != row["sha"]:
            continue
        checked += 1
        assert row["connection"] == FORGE
        assert row["name"] == run.repository.name_at(company.simulation.shown_end)
        assert row["number"] == numbers[run.repository.id, run.sha]
    assert checked > 100


def test_what_cannot_be_matched_by_name_stays_with_who_told_it(company: Company) -> None:
    (row,) = company.query(
        "select repositories.name, count(*) as runs, count(change_key) as linked, "
        "bool_and(change_key_null_reason = 'not_linked') as is_said "
        "from marts.fct_ci_runs join marts.dim_repository as repositories using (repository_key) "
        f"where repositories.connection = '{CI}' and branch != 'main' group by all"
    )
    (renamed,) = (each for each in company.simulation.history.repositories if each not in company.hosted)
    assert row["name"] == renamed.names[0][1]
    assert (row["linked"], row["is_said"]) == (0, True)


def test_deployments_by_jenkins_bring_changes_to_production(company: Company) -> None:
    deployed = company.query(
        "select repositories.name, changes.number, changes.deployed_at, deployment_match_method as method "
        "from marts.fct_changes as changes join marts.dim_repository as repositories using (repository_key) "
        f"where deployed_at is not null and changes.connection = '{FORGE}'"
    )
    assert len(deployed) > 50
    assert {row["method"] for row in deployed} <= {"ancestry", "merge_sha", "head_sha"}
    ends = {
        (repository.name_at(company.simulation.shown_end), instant(at))
        for repository in company.simulation.history.repositories
        for deployment in repository.deployments
        if deployment.is_production and (at := succeeded_at(deployment))
    }
    assert {(row["name"], row["deployed_at"]) for row in deployed} <= ends
    sources = company.query(
        "select distinct connection from marts.fct_deployments where service_key in "
        "(select service_key from marts.bridge_service_repositories inner join marts.dim_repository "
        f"using (repository_key) where connection = '{FORGE}')"
    )
    assert [row["connection"] for row in sources] == [CI]


def succeeded_at(deployment: Deployment) -> int | None:
    return next((status.at for status in deployment.statuses if status.state == "success"), None)


def test_checks_by_jenkins_make_the_ci_stage(company: Company) -> None:
    (row,) = company.query(
        "select count(*) as visits from marts.fct_stage_visits join marts.dim_stage using (stage_key) "
        "join marts.dim_repository using (repository_key) "
        f"where stage = 'ci' and connection = '{FORGE}'"
    )
    assert row["visits"] > 50


def test_usage_of_assistants_is_that_of_the_sessions(company: Company) -> None:
    end = company.simulation.shown_end
    told = Counter(session.tool for session in company.simulation.history.sessions if session.ended_at <= end)
    (sessions,) = company.warehouse(
        "select sum(session_count) from canonical.assistant_usage_daily where tool = 'claude_code'"
    )[0]
    assert sessions == told["claude_code"] > 0
    rows = company.warehouse(
        "select count(*), bool_and(session_count is null) from canonical.assistant_usage_daily "
        "where tool = 'copilot'"
    )
    assert rows[0][0] > 0
    assert rows[0][1] is True


def test_agent_tasks_name_the_changes_that_came_of_them(company: Company) -> None:
    linked = company.warehouse(
        "select changes.number, sessions.started_at < changes.created_at "
        "from canonical.session_changes as links "
        "join canonical.assistant_sessions as sessions "
        "on links.connection = sessions.connection and links.session = sessions.source_id "
        "left join canonical.changes on links.change = changes.source_id "
        "and links.repository = changes.repository "
        f"and changes.connection = '{FORGE}' where links.method = 'vendor_record'"
    )
    agents = [
        change
        for repository in company.simulation.history.repositories
        for change in repository.changes
        if change.author.kind == "ai_agent" and change.created_at <= company.simulation.shown_end
    ]
    assert sorted(linked) == sorted((change.number, True) for change in agents if change.number)


def test_nobody_s_address_is_kept(company: Company) -> None:
    rows = company.warehouse("select id, email_hash, type from raw_claude_code.actors")
    assert rows
    assert not any("@" in f"{row}" for row in rows)

"""CI, deployments and assistants that other systems tell of, beside the forge that hosts the changes.

One run over a simulated company that builds and deploys with Jenkins, and, where they are at hand, over the
recordings of a real Jenkins.
"""

from __future__ import annotations

import json
import statistics
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from support.command import flowgauge
from support.published import query
from support.replay import Replay, replay

from sandbox.calendar import isoformat
from sandbox.history import Deployment, Repository, Run
from sandbox.scenario import load_scenario, load_size
from sandbox.serve import Sandbox
from sandbox.simulation import Simulation, simulate
from sandbox.vendor import STACKS, TOKEN, TOKEN_VARIABLE

__all__ = ["replay"]

JENKINS_PORT = 4
"""The replay serves Jenkins on the fifth of its ports, GitHub on the first."""

RESULTS = {"success": "SUCCESS", "failure": "FAILURE", "cancelled": "ABORTED", "timed_out": "ABORTED"}
GROUPS = {"devlake multibranch": "github_org/", "devlake builds": ""}


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
def recorded(request: pytest.FixtureRequest) -> Replay | None:
    """The recordings, None where they are not at hand."""
    try:
        found: Replay = request.getfixturevalue("replay")
    except pytest.skip.Exception:
        return None
    return found


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory, recorded: Replay | None) -> Company:
    folder = tmp_path_factory.mktemp("company")
    simulation = simulate(load_scenario("balanced"), load_size("small"), size_name="small", weeks=5)
    sandbox = Sandbox(simulation, folder, vendor_names=STACKS["jenkins"])
    sandbox.write_files()
    environment = {TOKEN_VARIABLE: TOKEN}
    if recorded:
        add_recorded(folder / "flowgauge.yaml", recorded)
        environment["RECORDED_TOKEN"] = recorded.token
    sandbox.start()
    try:
        done = flowgauge(
            "run",
            "--as-of",
            isoformat(simulation.shown_end),
            cwd=folder,
            environment=environment,
            seconds=600,
        )
    finally:
        sandbox.stop()
    assert done.returncode == 0, done.stdout + done.stderr
    return Company(simulation, folder / ".flowgauge")


def add_recorded(path: Path, recorded: Replay) -> None:
    host, _, port = recorded.github_url.rpartition(":")
    settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    settings["connections"].append(
        {
            "name": "recorded",
            "connector": "jenkins",
            "base_url": f"{host}:{int(port) + JENKINS_PORT}",
            "user": "ann",
            "token": "${RECORDED_TOKEN}",
        }
    )
    path.write_text(yaml.safe_dump(settings), encoding="utf-8")


def instant(at: int) -> datetime:
    return datetime.fromtimestamp(at, UTC).replace(tzinfo=None)


# The recordings.


@pytest.mark.replay
@pytest.mark.parametrize("group", GROUPS)
def test_recorded_builds_are_runs_with_their_results_and_durations(
    company: Company, recorded: Replay | None, group: str
) -> None:
    if recorded is None:
        pytest.skip("the recordings are not at hand")
    facts = json.loads((recorded.expected / "jenkins_builds.json").read_text(encoding="utf-8"))[group]
    rows = company.query("select * from marts.fct_ci_runs where connection = 'recorded' order by source_id")
    others = [start for start in GROUPS.values() if start and start != GROUPS[group]]
    runs = [
        row
        for row in rows
        if row["run"].startswith(GROUPS[group]) and not row["run"].startswith(tuple(others))
    ]
    assert len(runs) == facts["builds"]
    assert Counter(RESULTS[row["conclusion"]] for row in runs) == facts["by_result"]
    failures = sum(row["failure_class"] == "code" for row in runs)
    assert round(failures / len(runs), 4) == facts["failure_rate"]
    durations = milliseconds(company, {row["run"] for row in runs})
    assert len(durations) == facts["duration_ms"]["n"]
    assert statistics.median(durations.values()) == facts["duration_ms"]["median"]
    assert round(statistics.mean(durations.values()), 1) == facts["duration_ms"]["mean"]
    assert sum(not duration for duration in durations.values()) == facts["zero_duration"]
    for row in runs:
        # Marts tell whole seconds: both ends are cut, so that a length is off by less than one.
        assert abs(row["run_seconds"] * 1000 - durations[row["run"]]) < 1000
        assert (row["queue_seconds"], row["queue_seconds_null_reason"]) == (None, "not_observed")


def milliseconds(company: Company, runs: set[str]) -> dict[str, int]:
    found = company.warehouse(
        "select job_name || '#' || build_number, duration_milliseconds from raw_jenkins.builds "
        "where connection = 'recorded'"
    )
    return {run: duration for run, duration in found if run in runs}


@pytest.mark.replay
def test_recorded_stages_are_jobs_of_their_runs(company: Company, recorded: Replay | None) -> None:
    if recorded is None:
        pytest.skip("the recordings are not at hand")
    jobs = company.query(
        "select jobs.name, jobs.conclusion, runs.conclusion as outcome from marts.fct_ci_jobs as jobs "
        "join marts.fct_ci_runs as runs using (ci_run_key) where jobs.connection = 'recorded'"
    )
    assert {"checkout", "build", "test", "deploy"} <= {job["name"] for job in jobs}
    assert all(job["conclusion"] == "success" for job in jobs if job["outcome"] == "success")


# The company.


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
        "where runs.connection = 'acme-jenkins'"
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
        assert row["connection"] == "acme-github"
        assert row["name"] == run.repository.name_at(company.simulation.shown_end)
        assert row["number"] == numbers[run.repository.id, run.sha]
    assert checked > 100


def test_what_cannot_be_matched_by_name_stays_with_who_told_it(company: Company) -> None:
    (row,) = company.query(
        "select repositories.name, count(*) as runs, count(change_key) as linked, "
        "bool_and(change_key_null_reason = 'not_linked') as is_said "
        "from marts.fct_ci_runs join marts.dim_repository as repositories using (repository_key) "
        "where repositories.connection = 'acme-jenkins' and branch != 'main' group by all"
    )
    assert row["name"] == "acme/search"  # its name before it was renamed
    assert (row["linked"], row["is_said"]) == (0, True)


def test_deployments_by_jenkins_bring_changes_to_production(company: Company) -> None:
    deployed = company.query(
        "select repositories.name, changes.number, changes.deployed_at, deployment_match_method as method "
        "from marts.fct_changes as changes join marts.dim_repository as repositories using (repository_key) "
        "where deployed_at is not null"
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
    sources = company.query("select distinct connection from marts.fct_deployments")
    assert [row["connection"] for row in sources] == ["acme-jenkins"]


def succeeded_at(deployment: Deployment) -> int | None:
    return next((status.at for status in deployment.statuses if status.state == "success"), None)


def test_checks_by_jenkins_make_the_ci_stage(company: Company) -> None:
    (row,) = company.query(
        "select count(*) as visits from marts.fct_stage_visits join marts.dim_stage using (stage_key) "
        "where stage = 'ci'"
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
        "and links.repository = changes.repository where links.method = 'vendor_record'"
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

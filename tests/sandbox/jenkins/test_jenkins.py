"""An independent client reads the surface and sees the builds that the history holds."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.jenkins import tree
from sandbox.jenkins.view import deployment_job
from sandbox.serve import Sandbox
from sandbox.simulation import Simulation
from sandbox.vendor import TOKEN

jenkins = pytest.importorskip("jenkins")


@pytest.fixture(scope="module")
def sandbox(simulation: Simulation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    served = Sandbox(simulation, tmp_path_factory.mktemp("jenkins"), vendor_names=["jenkins"])
    served.start()
    yield served
    served.stop()


@pytest.fixture(scope="module")
def client(sandbox: Sandbox) -> Any:
    return jenkins.Jenkins(sandbox.url, username="flowgauge", password=TOKEN, timeout=20)


def test_it_knows_the_user(client: Any) -> None:
    assert client.get_whoami()["id"] == "flowgauge"


def test_it_finds_a_job_for_each_branch_that_was_built(client: Any, simulation: Simulation) -> None:
    end = simulation.shown_end
    told = {
        f"{run.repository.name_at(run.created_at)}/{run.branch.replace('/', '%2F')}"
        for repository in simulation.history.repositories
        for run in repository.runs
        for attempt in run.attempts
        if any(job.started_at and attempt.started_at <= job.started_at <= end for job in attempt.jobs)
    }
    jobs = {job["fullname"]: job for job in client.get_all_jobs()}
    built = {name for name, job in jobs.items() if job["_class"].endswith("WorkflowJob")}
    assert built == told
    assert jobs["acme"]["_class"].endswith("OrganizationFolder")


def test_it_sees_each_attempt_as_a_build_with_its_times_and_stages(
    client: Any, simulation: Simulation
) -> None:
    run = next(
        run
        for run in simulation.history.repositories[0].runs
        if len(run.attempts) > 1 and run.branch != "main"
    )
    first, second = run.attempts[:2]
    name = f"{run.repository.name_at(run.created_at)}/{run.branch}"
    info = client.get_job_info(
        name.replace(run.branch, run.branch.replace("/", "%2F")), fetch_all_builds=True
    )
    builds = [client.get_build_info(info["fullName"], build["number"]) for build in info["builds"]]
    by_queueing = {
        build["timestamp"] - build["actions"][1]["queuingDurationMillis"]: build for build in builds
    }
    ours = by_queueing[second.started_at * 1000]
    assert by_queueing[first.started_at * 1000]["number"] < ours["number"]
    assert ours["actions"][3]["lastBuiltRevision"]["SHA1"] == run.sha
    stages = client.get_build_stages(info["fullName"], ours["number"])["stages"]
    assert [stage["name"] for stage in stages] == [job.name for job in second.jobs]
    taken_over = [
        job.completed_at is not None and job.completed_at <= second.started_at for job in second.jobs
    ]
    assert any(taken_over)
    assert [stage["status"] == "NOT_EXECUTED" for stage in stages] == taken_over


def test_deployments_are_builds_of_their_job(client: Any, simulation: Simulation) -> None:
    told = [
        deployment
        for deployment in simulation.history.repositories[0].deployments
        if any(one.state == "in_progress" and one.at <= simulation.shown_end for one in deployment.statuses)
    ]
    name = deployment_job(told[0])
    same = [deployment for deployment in told if deployment_job(deployment) == name]
    builds = client.get_job_info(f"deploy/{name}", fetch_all_builds=True)["builds"]
    shas = [
        client.get_build_info(f"deploy/{name}", build["number"])["actions"][3]["lastBuiltRevision"]["SHA1"]
        for build in builds[-5:]
    ]
    assert len(builds) == len(same)
    assert shas[::-1] == [deployment.sha for deployment in same[:5]]


def test_only_a_token_opens_it(sandbox: Sandbox) -> None:
    with pytest.raises(jenkins.JenkinsException, match="401"):
        jenkins.Jenkins(sandbox.url, username="flowgauge", password="wrong").get_whoami()
    with pytest.raises(jenkins.JenkinsException, match="403"):
        jenkins.Jenkins(sandbox.url).get_whoami()


def test_time_brings_builds_and_ends_them(serve: Callable[..., Any], simulation: Simulation) -> None:
    served = serve(vendor_names=["jenkins"]).sandbox

    def builds() -> dict[tuple[str, int], bool]:
        server = jenkins.Jenkins(served.url, username="flowgauge", password=TOKEN)
        names = [job["fullname"] for job in server.get_all_jobs() if job["_class"].endswith("WorkflowJob")]
        found = {}
        for name in names[:5]:
            for build in server.get_job_info(name)["builds"]:
                found[name, build["number"]] = server.get_build_info(name, build["number"])["building"]
        return found

    before = builds()
    served.clock.move_to(simulation.organisation.end)
    after = builds()
    assert before.keys() <= after.keys()
    assert not any(after[build] for build in before)


def test_a_tree_takes_fields_and_slices() -> None:
    value = {"_class": "A", "a": 1, "b": [{"_class": "B", "c": n, "d": n} for n in range(5)]}
    assert tree.shown(value, tree.parsed("b[c]{1,3}")) == {
        "_class": "A",
        "b": [{"_class": "B", "c": 1}, {"_class": "B", "c": 2}],
    }
    assert tree.shown(value, tree.parsed("a,b[x]{,1}")) == {"_class": "A", "a": 1, "b": [{"_class": "B"}]}


@pytest.mark.parametrize("text", ["a[b", "a]b", "[a]", "{0,1}"])
def test_a_tree_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"tree|bracket"):
        tree.parsed(text)


def test_settings_of_the_stack_leave_ci_and_deployments_to_jenkins(
    simulation: Simulation, tmp_path: Path
) -> None:
    import yaml

    served = Sandbox(simulation, tmp_path, vendor_names=["github", "jenkins"])
    served.write_files()
    connections = {
        each["name"]: each
        for each in yaml.safe_load((tmp_path / "flowgauge.yaml").read_text(encoding="utf-8"))["connections"]
    }
    assert connections["acme-github"]["without"] == ["actions", "deployments"]
    assert connections["acme-jenkins"]["deployments"]

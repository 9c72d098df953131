"""An independent client reads the surface and sees the same objects as the history holds."""

from typing import Any

import pytest

from sandbox.simulation import Simulation
from sandbox.vendor import TOKEN

github = pytest.importorskip("github")


@pytest.fixture(scope="module")
def client(standing: Any) -> Any:
    return github.Github(
        base_url=standing.sandbox.url, auth=github.Auth.Token(TOKEN), per_page=100, retry=None
    )


def test_it_sees_all_repositories(client: Any, simulation: Simulation) -> None:
    names = {repository.full_name for repository in client.get_organization("acme").get_repos()}
    assert names == {
        repository.name_at(simulation.shown_end) for repository in simulation.history.repositories
    }


def test_it_sees_the_same_pull_requests(client: Any, simulation: Simulation) -> None:
    seen = {pull.number: pull for pull in client.get_repo("acme/checkout").get_pulls(state="all")}
    told = [
        change
        for change in simulation.history.repositories[0].changes
        if change.created_at <= simulation.shown_end
    ]
    assert sorted(seen) == [change.number for change in told]
    for change in told:
        pull = seen[change.number]
        merged_at = (
            change.merged_at if change.merged_at and change.merged_at <= simulation.shown_end else None
        )
        assert (pull.id, pull.title, pull.head.ref) == (change.id, change.title, change.head_branch)
        assert pull.created_at.timestamp() == change.created_at
        assert (pull.merged_at and pull.merged_at.timestamp()) == merged_at


def test_it_sees_the_same_reviews(client: Any, simulation: Simulation) -> None:
    repository = client.get_repo("acme/checkout")
    for change in simulation.history.repositories[0].changes[:5]:
        reviews = [event for event in change.events if event.kind == "reviewed"]
        seen = list(repository.get_pull(change.number).get_reviews())
        assert [(review.id, review.submitted_at.timestamp()) for review in seen] == [
            (one.id, one.at) for one in reviews
        ]


def test_it_sees_the_same_runs_jobs_deployments_and_releases(client: Any, simulation: Simulation) -> None:
    repository, record = client.get_repo("acme/checkout"), simulation.history.repositories[0]
    end = simulation.shown_end
    runs = list(repository.get_workflow_runs())
    assert [run.id for run in runs] == [run.id for run in reversed(record.runs) if run.created_at <= end]
    jobs = [job.name for job in runs[-1].jobs()]
    assert jobs == [job.name for job in record.runs[0].attempts[-1].jobs]
    deployments = [item.id for item in repository.get_deployments()]
    assert deployments == [item.id for item in reversed(record.deployments) if item.created_at <= end]
    statuses = [status.state for status in repository.get_deployment(record.deployments[0].id).get_statuses()]
    told = [status.state for status in reversed(record.deployments[0].statuses) if status.at <= end]
    assert statuses == [state.replace("waiting", "pending") for state in told]
    assert [release.tag_name for release in repository.get_releases()] == [
        release.tag for release in reversed(record.releases) if release.created_at <= end
    ]

"""An independent client reads the surface and sees the same objects as the history holds."""

from datetime import datetime
from typing import Any

import pytest

from sandbox.history import Repository
from sandbox.serve import Sandbox
from sandbox.simulation import Simulation
from sandbox.vendor import TOKEN

gitlab_client = pytest.importorskip("gitlab")


@pytest.fixture(scope="module")
def project(gitlab: Sandbox) -> Any:
    client = gitlab_client.Gitlab(gitlab.url, private_token=TOKEN, per_page=100)
    return client.projects.get("acme/checkout")


@pytest.fixture(scope="module")
def record(simulation: Simulation) -> Repository:
    return simulation.history.repositories[0]


def seconds(text: str | None) -> int | None:
    return int(datetime.fromisoformat(text).timestamp()) if text else None


def test_it_sees_all_projects_of_the_group(gitlab: Sandbox, simulation: Simulation) -> None:
    client = gitlab_client.Gitlab(gitlab.url, private_token=TOKEN, keep_base_url=True)
    listed = client.groups.get("acme").projects.list(get_all=True, include_subgroups=True)
    assert {one.path_with_namespace for one in listed} == {
        repository.name_at(simulation.shown_end) for repository in simulation.history.repositories
    }
    client.auth()
    assert client.user.username == "acme-release"


def test_it_sees_the_same_merge_requests(project: Any, record: Repository, simulation: Simulation) -> None:
    end = simulation.shown_end
    seen = {one.iid: one for one in project.mergerequests.list(state="all", iterator=True)}
    told = [change for change in record.changes if change.created_at <= end]
    assert sorted(seen) == [change.number for change in told]
    for change in told:
        one = seen[change.number]
        is_merged = change.merged_at is not None and change.merged_at <= end
        assert (one.id, one.source_branch, one.sha) == (
            change.id,
            change.head_branch,
            next(head.sha for head in reversed(change.heads) if head.at <= end),
        )
        assert (one.merge_commit_sha or one.squash_commit_sha) == (change.merge_sha if is_merged else None)
        assert seconds(one.created_at) == change.created_at
        assert seconds(one.merged_at) == (change.merged_at if is_merged else None)


def test_it_sees_the_same_approvals_pushes_and_commits(project: Any, record: Repository) -> None:
    for change in record.changes[:8]:
        one = project.mergerequests.get(change.number)
        approved = {
            (event.actor.id, event.at)
            for event in change.events
            if event.kind == "reviewed" and event.detail == "approved" and event.actor
        }
        notes = one.notes.list(get_all=True)
        assert {
            (note.author["id"], seconds(note.created_at))
            for note in notes
            if note.body == "approved this merge request"
        } == approved
        standing = {(by["user"]["id"], seconds(by["approved_at"])) for by in one.approvals.get().approved_by}
        assert standing <= approved
        versions = [version.head_commit_sha for version in reversed(one.diffs.list(get_all=True))]
        assert versions[1:] == [head.sha for head in change.heads if head.at > change.created_at]
        assert [commit.id for commit in one.commits()] == [
            commit.sha for commit in reversed(change.heads[-1].commits)
        ]


def test_diffs_have_as_many_lines_as_the_history_counts(project: Any, record: Repository) -> None:
    change = record.changes[0]
    url = f"/projects/{record.id}/merge_requests/{change.number}/diffs"
    diffs = project.manager.gitlab.http_list(url, get_all=True)
    lines = [line for diff in diffs for line in diff["diff"].splitlines()]
    head = change.heads[-1]
    assert (lines.count("+"), lines.count("-")) == (head.additions, head.deletions)
    assert [diff["new_path"] for diff in diffs] == list(head.paths)


def test_it_sees_the_same_pipelines_and_every_try_of_their_jobs(
    project: Any, record: Repository, simulation: Simulation
) -> None:
    seen = project.pipelines.list(iterator=True)
    told = [run for run in record.runs if run.created_at <= simulation.shown_end]
    assert [one.id for one in seen] == [run.id for run in reversed(told)]
    retried = next(run for run in told if len(run.attempts) > 1)
    pipeline = project.pipelines.get(retried.id)
    latest = pipeline.jobs.list(get_all=True)
    tries = pipeline.jobs.list(get_all=True, include_retried="true")
    names = [job.name for job in retried.attempts[0].jobs]
    assert sorted(job.name for job in latest) == sorted(names)
    assert len(tries) > len(latest)
    by_id = {job.id: job for attempt in retried.attempts for job in attempt.jobs}
    for job in tries:
        assert seconds(job.started_at) == by_id[job.id].started_at
        assert job.queued_duration == by_id[job.id].started_at - by_id[job.id].created_at


def test_jobs_by_keyset_are_those_by_page(project: Any) -> None:
    by_page = [job.id for job in project.jobs.list(get_all=True)]
    by_key = [
        job.id
        for job in project.jobs.list(
            iterator=True, pagination="keyset", order_by="id", sort="desc", per_page=50
        )
    ]
    assert by_key == by_page == sorted(by_page, reverse=True)


def test_it_sees_the_same_deployments_and_who_approved(
    project: Any, record: Repository, simulation: Simulation
) -> None:
    end = simulation.shown_end
    seen = project.deployments.list(iterator=True)
    told = [item for item in record.deployments if item.created_at <= end]
    assert [(one.id, one.sha, one.environment["name"]) for one in seen] == [
        (item.id, item.sha, item.environment) for item in told
    ]
    gated = next(item for item in told if any(status.state == "waiting" for status in item.statuses))
    waited = next(n for n, status in enumerate(gated.statuses) if status.state == "waiting")
    decision = gated.statuses[waited + 1]
    (approval,) = project.deployments.get(gated.id).approvals
    assert (approval["user"]["id"], seconds(approval["created_at"])) == (decision.creator.id, decision.at)


def test_it_sees_the_same_releases_tags_and_environments(
    project: Any, record: Repository, simulation: Simulation
) -> None:
    end = simulation.shown_end
    tags = [one.tag for one in record.releases if one.created_at <= end]
    published = [one.tag for one in record.releases if one.published_at and one.published_at <= end]
    assert [one.name for one in project.tags.list(get_all=True)] == tags[::-1]
    assert [one.tag_name for one in project.releases.list(get_all=True)] == published[::-1]
    tiers = {one.name: one.tier for one in project.environments.list(get_all=True)}
    assert {name for name, tier in tiers.items() if tier == "production"} == {
        service.production for service in simulation.organisation.services if service.repository is record
    }


def test_it_sees_tickets_as_issues_with_their_steps(project: Any, simulation: Simulation) -> None:
    end = simulation.shown_end
    team = next(team for team in simulation.organisation.teams if team.name == "checkout")
    told = [
        ticket
        for ticket in simulation.history.tickets
        if ticket.team == team.name and ticket.created_at <= end
    ]
    seen = sorted(project.issues.list(iterator=True), key=lambda one: one.iid)
    assert [(one.iid, seconds(one.created_at)) for one in seen] == [
        (int(ticket.key.rpartition("-")[2]), ticket.created_at) for ticket in told
    ]
    issue, ticket = next(
        (one, ticket)
        for one, ticket in zip(seen, told, strict=True)
        if any(step.after == "In Progress" and step.at <= end for step in ticket.fields)
    )
    started = next(step for step in ticket.fields if step.after == "In Progress")
    added = [
        (event.label["name"], seconds(event.created_at))
        for event in issue.resourcelabelevents.list(get_all=True)
        if event.action == "add"
    ]
    assert ("workflow::in progress", started.at) in added
    assert [
        (note.body, note.system, seconds(note.created_at)) for note in issue.notes.list(get_all=True)
    ] == [(f"assigned to @{step.after}", True, step.at) for step in ticket.fields if step.field == "assignee"]

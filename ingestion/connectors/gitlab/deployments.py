"""Environments, deployments with their approvals, releases, merge trains, and rules of the default branch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ingestion.connector import Page
from ingestion.connectors.gitlab.walk import Walk, text
from ingestion.http import AccessDeniedError, NotFoundError

Payload = dict[str, Any]

_BATCH = 50


def deployment_pages(walk: Walk) -> Iterator[Page]:
    """Pages of environments, and of the deployments that changed with their approvals."""
    environments = walk.all_of("/environments") or []
    yield Page("environments", [_environment(walk, one) for one in environments])
    for page in walk.changed("deployments", "/deployments"):
        for start in range(0, len(page), _BATCH):
            yield from _deployment_pages(walk, page[start : start + _BATCH])


def _deployment_pages(walk: Walk, batch: list[Payload]) -> Iterator[Page]:
    """Approvals are told by a deployment itself only, and by no edition that has none to tell."""
    rows: list[Payload] = []
    approvals: list[Payload] = []
    parents: list[tuple[str]] = []
    for listed in batch:
        whole = listed
        if "pending_approval_count" in listed:
            whole = walk.get_if_allowed(f"/deployments/{listed['id']}") or listed
            parents.append((str(listed["id"]),))
        rows.append(_deployment(walk, whole))
        approvals.extend(_approvals(walk, whole))
    yield walk.accounts.take()
    yield Page("deployments", rows)
    yield Page("deployment_approvals", approvals, parents)


def release_pages(walk: Walk) -> Iterator[Page]:
    """The releases; their list has no order that changes would show in, so it is read whole."""
    releases = walk.all_of("/releases")
    if releases is not None:
        yield Page("releases", [_release(walk, one) for one in releases], [(walk.id,)])


def tag_pages(walk: Walk) -> Iterator[Page]:
    """The tags, for a project whose git history is not read."""
    tags = walk.all_of("/repository/tags")
    if tags is not None:
        yield Page("tags", [_tag(walk, one) for one in tags], [(walk.id,)])


def merge_train_pages(walk: Walk) -> Iterator[Page]:
    """The cars of all merge trains, newest first, down to those that are known to have ended."""
    state = walk.part("merge_trains")
    settled = 0 if walk.extraction.since else state.get("settled", 0)
    running: list[int] = []
    newest = settled
    try:
        for page in walk.pages("/merge_trains", sort="desc"):
            fresh = [car for car in page if car["id"] > settled]
            running.extend(car["id"] for car in fresh if not car.get("merged_at"))
            newest = max([newest, *(car["id"] for car in fresh)])
            rows = [_car(walk, car) for car in fresh]
            yield walk.accounts.take()
            yield Page("merge_train_cars", rows)
            if len(fresh) < len(page):
                break
    except (NotFoundError, AccessDeniedError) as error:
        walk.log(f"merge trains are not to be had ({error.status})")
        return
    state["settled"] = min([newest, *(number - 1 for number in running)])


def rule_pages(walk: Walk) -> Iterator[Page]:
    """How many approvals the default branch asks for, where that differs from what was last seen."""
    rules = walk.all_of("/approval_rules")
    if rules is None:
        return
    branch = walk.project["default_branch"]
    counts = [rule["approvals_required"] for rule in rules if _applies(rule, branch)]
    required = max(counts, default=0)
    state, seen_at = walk.part("rules"), walk.extraction.started_at
    if state.get(branch) == required:
        return
    state[branch] = required
    row = {
        "id": f"{walk.id}:{branch}:{seen_at:%Y-%m-%dT%H:%M:%SZ}",
        "repository_id": walk.id,
        "branch": branch,
        "first_seen_at": seen_at,
        "required_approving_review_count": required,
    }
    yield Page("branch_rules", [row])


def _applies(rule: Payload, branch: str) -> bool:
    """Whether a rule holds on a branch; one that names no branch holds on all."""
    named = {one["name"] for one in rule.get("protected_branches") or []}
    return bool(rule.get("applies_to_all_protected_branches")) or not named or branch in named


def _environment(walk: Walk, environment: Payload) -> Payload:
    return {
        "id": str(environment["id"]),
        "repository_id": walk.id,
        "name": environment["name"],
        "tier": environment.get("tier"),
        "state": environment.get("state"),
    }


def _deployment(walk: Walk, deployment: Payload) -> Payload:
    job, environment = deployment.get("deployable") or {}, deployment.get("environment") or {}
    return {
        "id": str(deployment["id"]),
        "number": deployment.get("iid"),
        "repository_id": walk.id,
        "environment_id": text(environment.get("id")),
        "environment": environment.get("name"),
        "sha": deployment.get("sha"),
        "ref": deployment.get("ref"),
        "status": deployment["status"],
        "created_at": deployment["created_at"],
        "updated_at": deployment.get("updated_at"),
        "user_id": walk.accounts.id_of(deployment.get("user")),
        "job_id": text(job.get("id")),
        "job_started_at": job.get("started_at"),
        "job_finished_at": job.get("finished_at"),
        "pending_approval_count": deployment.get("pending_approval_count"),
    }


def _approvals(walk: Walk, deployment: Payload) -> Iterator[Payload]:
    for one in deployment.get("approvals") or []:
        yield {
            "deployment_id": str(deployment["id"]),
            "repository_id": walk.id,
            "user_id": walk.accounts.id_of(one["user"]),
            "status": one["status"],
            "created_at": one["created_at"],
        }


def _release(walk: Walk, release: Payload) -> Payload:
    return {
        "repository_id": walk.id,
        "tag_name": release["tag_name"],
        "sha": (release.get("commit") or {}).get("id"),
        "created_at": release.get("created_at"),
        "released_at": release.get("released_at"),
        "is_upcoming": release.get("upcoming_release"),
    }


def _tag(walk: Walk, tag: Payload) -> Payload:
    commit = tag["commit"]
    return {
        "repository_id": walk.id,
        "name": tag["name"],
        "sha": commit["id"],
        "tagged_at": tag.get("created_at") or commit.get("created_at"),
    }


def _car(walk: Walk, car: Payload) -> Payload:
    return {
        "id": str(car["id"]),
        "repository_id": walk.id,
        "merge_request_id": str(car["merge_request"]["id"]),
        "status": car["status"],
        "created_at": car["created_at"],
        "merged_at": car.get("merged_at"),
        "user_id": walk.accounts.id_of(car.get("user")),
    }

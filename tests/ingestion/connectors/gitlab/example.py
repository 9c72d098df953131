"""A small GitLab for the conformance suite: a project as it was, as it became, and with some of it gone."""

from __future__ import annotations

import copy

from support.gitlab import (
    ANN,
    API,
    BEN,
    CIA,
    PATH,
    TOKEN,
    FakeGitLab,
    Lists,
    at,
    deployment,
    first_lists,
    issue,
    job,
    merge_request,
    note,
    pipeline,
    with_children,
)

from ingestion.conformance import Example, State, Surface
from ingestion.connectors.gitlab import CONNECTOR


def later_lists() -> Lists:
    """One of each list has changed, one is new."""
    lists = first_lists()
    lists["/merge_requests"][1] = merge_request(
        2, at(1, 6, 10, month=2), state="merged", merged_at=at(1, 6, 10, month=2), merge_user=BEN
    )
    lists["/merge_requests/2/notes"] = [note(15, at(1, 6, 5, month=2), CIA, "approved this merge request")]
    lists["/merge_requests"].append(merge_request(4, at(1, 6, 20, month=2)))
    with_children(lists, 4)
    lists["/pipelines"].append(pipeline(904, at(1, 6, 15, month=2)))
    lists["/jobs"].insert(0, job(1004, 904, "unit", at(1, 6, 15, month=2)))
    lists["/deployments"][1] = deployment(302, at(1, 6, 15, month=2), status="failed")
    lists["/issues"][2] = issue(3, at(1, 6, 15, month=2), state="closed", closed_at=at(1, 6, 15, month=2))
    lists["/members/all"] = [ANN, BEN, CIA]
    return lists


def pruned_lists() -> Lists:
    """A merge request and a release were deleted, a pipeline with its job has expired."""
    lists = copy.deepcopy(later_lists())
    del lists["/merge_requests"][2]
    del lists["/releases"][0]
    del lists["/pipelines"][0]
    del lists["/jobs"][-1]
    return lists


def surface(state: State) -> Surface:
    """GitLab in a state."""
    return FakeGitLab({"first": first_lists, "later": later_lists, "pruned": pruned_lists}[state]())


EXAMPLE = Example(
    connector=CONNECTOR,
    connection={"token": TOKEN, "projects": [PATH], "clone": False},
    rows={
        "repositories": 1,
        "accounts": 4,
        "merge_requests": 3,
        "merge_request_notes": 5,
        "merge_request_versions": 2,
        "merge_request_files": 2,
        "pipelines": 3,
        "jobs": 3,
        "deployments": 2,
        "deployment_approvals": 2,
        "releases": 2,
        "issues": 3,
        "issue_assignee_events": 3,
        "branch_rules": 1,
    },
    surface=surface,
    drift={"merge_requests": "source_branch", "jobs": "stage", "environments": "tier"},
    base_path=API,
)

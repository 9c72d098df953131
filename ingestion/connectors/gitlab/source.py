"""The walk over a connection: which projects, and for each the parts in turn, cheapest first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

from ingestion.connector import Extraction, Page
from ingestion.connectors.gitlab.deployments import (
    deployment_pages,
    merge_train_pages,
    release_pages,
    rule_pages,
    tag_pages,
)
from ingestion.connectors.gitlab.history import history_pages
from ingestion.connectors.gitlab.issues import issue_pages
from ingestion.connectors.gitlab.merge_requests import merge_request_pages
from ingestion.connectors.gitlab.pipelines import pipeline_pages
from ingestion.connectors.gitlab.settings import GitLabSettings
from ingestion.connectors.gitlab.walk import PAGE_SIZE, Accounts, Walk

Payload = dict[str, Any]
PagesOf = Callable[[Walk], Iterator[Page]]

_SWITCHES = {
    "merge_requests": "merge_requests_access_level",
    "pipelines": "builds_access_level",
    "deployments": "environments_access_level",
    "releases": "releases_access_level",
    "issues": "issues_access_level",
}
"""Features that a project may have switched off; what is not, and refused all the same, is an error."""

_PARTS: dict[str, PagesOf] = {
    "merge_requests": merge_request_pages,
    "merge_trains": merge_train_pages,
    "releases": release_pages,
    "issues": issue_pages,
    "deployments": deployment_pages,
    "pipelines": pipeline_pages,
}


def extract(extraction: Extraction) -> Iterator[Page]:
    """All pages of a connection; each project keeps its cursors under its id in the state."""
    accounts = Accounts(extraction, extraction.state.setdefault("accounts", {}))
    for project in list(projects(extraction)):
        walk = started(extraction, accounts, project)
        walk.log("reading")
        yield Page("repositories", [_row(project)])
        yield from _members(walk)
        for pages_of in parts(walk.settings, project):
            yield from pages_of(walk)


def started(extraction: Extraction, accounts: Accounts, project: Payload) -> Walk:
    """The walk of one project, with its own part of the connection's state."""
    states: dict[str, Any] = extraction.state.setdefault("projects", {})
    return Walk(extraction, accounts, project, states.setdefault(str(project["id"]), {}))


def parts(settings: GitLabSettings, project: Payload) -> list[PagesOf]:
    """What is read of a project; without a default branch there is no history to read."""
    history: list[PagesOf] = [rule_pages, history_pages if settings.clone else tag_pages]
    chosen = [
        pages_of
        for name, pages_of in _PARTS.items()
        if name not in settings.without and project.get(_SWITCHES.get(name, "")) != "disabled"
    ]
    return [*(history if project.get("default_branch") else []), *chosen]


def projects(extraction: Extraction) -> Iterator[Payload]:
    """GitLab's projects of the connection: those listed, or the group's that the patterns select."""
    settings: GitLabSettings = extraction.settings
    for path in settings.projects:
        project: Payload = extraction.http.get_json(f"/projects/{quote(path, safe='')}")
        yield project
    if settings.group:
        asked: dict[str, Any] = {"include_subgroups": "true", "per_page": PAGE_SIZE, "order_by": "id"}
        if not settings.archived:
            asked["archived"] = "false"
        for page in extraction.http.pages(f"/groups/{quote(settings.group, safe='')}/projects", asked):
            yield from (one for one in page if settings.selects(one["path_with_namespace"]))


def _members(walk: Walk) -> Iterator[Page]:
    """Members as accounts, for who is asked may never act."""
    for member in walk.all_of("/members/all") or []:
        walk.accounts.id_of(member)
    yield walk.accounts.take()


def _row(project: Payload) -> Payload:
    return {
        "id": str(project["id"]),
        "name": project["path_with_namespace"],
        "default_branch": project.get("default_branch"),
        "is_archived": project.get("archived"),
        "is_pipeline_required": project.get("only_allow_merge_if_pipeline_succeeds"),
        "created_at": project.get("created_at"),
    }

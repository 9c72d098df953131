"""The walk over a connection: which repositories, and for each the parts in turn, cheapest first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ingestion.connector import Extraction, Page
from ingestion.connectors.github.actions import actions_pages
from ingestion.connectors.github.deployments import activity_pages, deployment_pages, release_pages
from ingestion.connectors.github.history import history_pages
from ingestion.connectors.github.issues import issue_pages
from ingestion.connectors.github.pull_requests import pull_request_pages
from ingestion.connectors.github.settings import GitHubSettings
from ingestion.connectors.github.walk import Accounts, Walk
from ingestion.http import LegallyBlockedError

Payload = dict[str, Any]
Part = Callable[[Walk], Iterator[Page]]

_PAGE_SIZE = 100
_OPTIONAL_PARTS: dict[str, Part] = {
    "releases": release_pages,
    "deployments": deployment_pages,
    "activity": activity_pages,
    "actions": actions_pages,
}


def extract(extraction: Extraction) -> Iterator[Page]:
    """All pages of a connection; each repository keeps its cursors under its id in the state."""
    accounts = Accounts()
    for repository in list(repositories(extraction)):
        walk = started(extraction, accounts, repository)
        walk.log("reading")
        yield Page("repositories", [_row(repository)])
        try:
            for part in parts(walk.settings):
                yield from part(walk)
        except LegallyBlockedError as error:
            walk.log(str(error))


def started(extraction: Extraction, accounts: Accounts, repository: Payload) -> Walk:
    """The walk of one repository, with its own part of the connection's state."""
    states: dict[str, Any] = extraction.state.setdefault("repositories", {})
    return Walk(
        extraction=extraction,
        accounts=accounts,
        repository_id=str(repository["id"]),
        name=repository["full_name"],
        default_branch=repository["default_branch"],
        state=states.setdefault(str(repository["id"]), {}),
    )


def parts(settings: GitHubSettings) -> list[Part]:
    """What is read of each repository."""
    chosen = [part for name, part in _OPTIONAL_PARTS.items() if name not in settings.without]
    if settings.issues:
        chosen.append(issue_pages)
    return [pull_request_pages, *([history_pages] if settings.clone else []), *chosen]


def repositories(extraction: Extraction) -> Iterator[Payload]:
    """REST's repositories of the connection: those listed, or the organisation's that the patterns select."""
    settings: GitHubSettings = extraction.settings
    for name in settings.repositories:
        repository: Payload = extraction.http.get_json(f"/repos/{name}")
        yield repository
    if settings.organization:
        path = f"/orgs/{settings.organization}/repos"
        for page in extraction.http.pages(path, {"per_page": _PAGE_SIZE, "sort": "full_name"}):
            for listed in page:
                if settings.selects(listed["full_name"], is_archived=bool(listed.get("archived"))):
                    yield listed


def _row(repository: Payload) -> Payload:
    return {
        "id": str(repository["id"]),
        "node_id": repository["node_id"],
        "name": repository["full_name"],
        "default_branch": repository["default_branch"],
        "is_archived": repository.get("archived"),
        "created_at": repository["created_at"],
    }

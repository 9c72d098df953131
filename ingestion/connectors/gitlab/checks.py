"""What `flowgauge doctor` asks of a connection: reading only, and what each refusal costs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from ingestion.connector import Extraction, Finding
from ingestion.connectors.gitlab.history import place
from ingestion.connectors.gitlab.settings import GitLabSettings
from ingestion.connectors.gitlab.source import projects, started
from ingestion.connectors.gitlab.walk import Accounts, Walk
from ingestion.git_history.command import GitError
from ingestion.http import AccessDeniedError, AuthenticationError, HttpError, NotFoundError

_NEEDED_SCOPES = {"read_api", "api"}


@dataclass(frozen=True)
class _Endpoint:
    """An endpoint to try, what is lost where it is refused, and what then to do."""

    path: str
    loss: str
    remedy: str
    is_needed: bool = True


_REPORTER = "give the token the role Reporter and the scope read_api, or put {part} under without:"
_EDITION = "nothing, where the edition or the project does not have it; or put {part} under without:"
_ENDPOINTS = {
    "merge_requests": _Endpoint("/merge_requests", "nothing can be gauged", _REPORTER),
    "pipelines": _Endpoint("/pipelines", "no CI runs and jobs: no ci stage, no queue times", _REPORTER),
    "deployments": _Endpoint("/deployments", "no deployments: changes end at their merge", _REPORTER),
    "issues": _Endpoint("/issues", "no tickets", _REPORTER, is_needed=False),
    "releases": _Endpoint("/releases", "no releases", _REPORTER, is_needed=False),
    "merge_trains": _Endpoint(
        "/merge_trains", "merge trains only as notes tell them", _EDITION, is_needed=False
    ),
    "approval_rules": _Endpoint(
        "/approval_rules",
        "needed approvals are not told, and will be inferred",
        "where there are rules, give required_approvals in the settings' services",
        is_needed=False,
    ),
}


def check(extraction: Extraction) -> Iterator[Finding]:
    """Findings on the token and its scopes, each project's endpoints, and the clone."""
    try:
        found = list(projects(extraction))
    except AuthenticationError as error:
        yield Finding("error", "GitLab does not accept the token", str(error))
        return
    except HttpError as error:
        yield Finding(
            "error", f"GitLab cannot be read: {error}", "check base_url, names and the token's role"
        )
        return
    yield Finding("ok", "GitLab accepts the token")
    yield from _scopes(extraction)
    if not found:
        yield Finding("error", "no project to read", "check group, include, exclude and archived")
    walks = [started(extraction, Accounts(extraction, {}), project) for project in found]
    for walk in walks:
        yield from _endpoints(walk)
    for walk in islice(walks, 1) if extraction.settings.clone else ():
        yield from _clone(walk)


def _scopes(extraction: Extraction) -> Iterator[Finding]:
    """Scopes, where the token may look at itself (OAuth tokens may not)."""
    try:
        token = extraction.http.get_json("/personal_access_tokens/self")
    except (AccessDeniedError, NotFoundError):
        return
    scopes = set(token["scopes"])
    yield Finding("ok", f"the token's scopes: {', '.join(sorted(scopes))}")
    if not scopes & _NEEDED_SCOPES:
        yield Finding("error", "the token may not read the API", "add the scope read_api")
    if extraction.settings.clone is True and not scopes & {"read_repository", "api"}:
        yield Finding(
            "error", "the token may not clone", "add the scope read_repository, or set clone: false"
        )


def _endpoints(walk: Walk) -> Iterator[Finding]:
    settings: GitLabSettings = walk.settings
    refused = False
    for part, endpoint in _ENDPOINTS.items():
        status = None if part in settings.without else _refused(walk, endpoint.path)
        if status is None:
            continue
        refused = True
        yield Finding(
            "error" if endpoint.is_needed else "warning",
            f"{walk.name}: {part} cannot be read ({status}): {endpoint.loss}",
            endpoint.remedy.format(part=part),
        )
    if not refused:
        yield Finding("ok", f"{walk.name}: everything asked for can be read")


def _refused(walk: Walk, path: str) -> int | None:
    """The status that refuses, None where it is answered."""
    try:
        walk.extraction.http.get_json(f"/projects/{walk.id}{path}", {"per_page": 1})
    except (AccessDeniedError, NotFoundError) as error:
        return error.status
    return None


def _clone(walk: Walk) -> Iterator[Finding]:
    try:
        branches = place(walk).branch_count()
    except GitError as error:
        yield Finding(
            "error",
            f"{walk.name}: its git history cannot be read: {error}",
            "give the token the scope read_repository, or set clone: false or clone: {path: …}",
        )
        return
    yield Finding("ok", f"{walk.name}: its git history can be read, {branches:,} branches")

"""What `flowgauge doctor` asks of a connection: reading only, and what each refusal costs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from ingestion.connector import Extraction, Finding
from ingestion.connectors.github import queries
from ingestion.connectors.github.history import place
from ingestion.connectors.github.settings import GitHubSettings
from ingestion.connectors.github.source import repositories, started
from ingestion.connectors.github.walk import Accounts, Walk
from ingestion.git_history.command import GitError
from ingestion.http import AccessDeniedError, AuthenticationError, GraphQLError, HttpError, NotFoundError

_FEW_REQUESTS = 500
_CLASSIC_SCOPES = "X-OAuth-Scopes"
_READ_TEAMS = frozenset({"read:org", "write:org", "admin:org"})


@dataclass(frozen=True)
class _Endpoint:
    """An endpoint to try, and what is lost where it is refused."""

    path: str
    permission: str
    loss: str
    is_needed: bool = True


_ENDPOINTS = {
    "actions": _Endpoint(
        "/actions/runs?per_page=1", "actions", "no CI runs and jobs: no ci stage, no queue times"
    ),
    "deployments": _Endpoint(
        "/deployments?per_page=1", "deployments", "no deployments: changes end at their merge"
    ),
    "releases": _Endpoint("/releases?per_page=1", "contents", "no releases"),
    "activity": _Endpoint(
        "/activity?per_page=1",
        "contents",
        "push times come from force pushes and check runs",
        is_needed=False,
    ),
}


def check(extraction: Extraction) -> Iterator[Finding]:
    """Findings on token, scopes, budget, each repository's endpoints, and the clone."""
    try:
        yield from _token(extraction)
        found = list(repositories(extraction))
    except AuthenticationError as error:
        yield Finding("error", "GitHub does not accept the token", str(error))
        return
    except HttpError as error:
        yield Finding("error", f"GitHub cannot be read: {error}", "check base_url, names and permissions")
        return
    if not found:
        yield Finding("error", "no repository to read", "check organization, include, exclude and archived")
    for repository in found:
        walk = started(extraction, Accounts(), repository)
        yield from _endpoints(walk)
        yield from _rules(walk)
        yield from _issues(walk)
    for repository in islice(found, 1) if extraction.settings.clone else ():
        yield from _clone(started(extraction, Accounts(), repository))


def _token(extraction: Extraction) -> Iterator[Finding]:
    """Validity and scopes; the budget endpoint costs nothing, but older servers may lack it."""
    try:
        reply = extraction.http.fetch("/rate_limit")
    except NotFoundError:
        yield Finding("ok", "this server has no rate limits")
        return
    yield Finding("ok", "GitHub accepts the token")
    yield from _budget(reply.data)
    yield from _scopes({name.lower(): value for name, value in reply.headers.items()})


def _budget(limits: dict[str, Any]) -> Iterator[Finding]:
    for name in ("core", "graphql"):
        budget = limits["resources"].get(name)
        if not budget:
            continue
        message = f"{name}: {budget['remaining']:,} of {budget['limit']:,} requests left this hour"
        if budget["remaining"] < _FEW_REQUESTS:
            yield Finding("warning", message, "a run waits until the hour is over; use a GitHub App for more")
        else:
            yield Finding("ok", message)


def _scopes(headers: dict[str, str]) -> Iterator[Finding]:
    """Only classic tokens tell their scopes; of others, what the endpoints answer must do."""
    if _CLASSIC_SCOPES.lower() not in headers:
        return
    scopes = {scope.strip() for scope in headers[_CLASSIC_SCOPES.lower()].split(",")} - {""}
    yield Finding("ok", f"the token's scopes: {', '.join(sorted(scopes)) or 'none, public data only'}")
    if not scopes & _READ_TEAMS:
        yield Finding(
            "warning",
            "the token may not read teams: review requests to teams name no team",
            "add the scope read:org",
        )


def _endpoints(walk: Walk) -> Iterator[Finding]:
    settings: GitHubSettings = walk.settings
    refused = False
    for part, endpoint in _ENDPOINTS.items():
        if part in settings.without:
            continue
        status = _refused(walk, endpoint.path)
        if status is None:
            continue
        refused = True
        yield Finding(
            "error" if endpoint.is_needed else "warning",
            f"{walk.name}: {part} cannot be read ({status}): {endpoint.loss}",
            f"give the token read access to {endpoint.permission}, or put {part} under without:",
        )
    if not refused:
        yield Finding("ok", f"{walk.name}: everything asked for can be read")


def _refused(walk: Walk, path: str) -> int | None:
    """The status that refuses, None where it is answered."""
    try:
        walk.extraction.http.get_json(f"/repos/{walk.name}{path}")
    except (AccessDeniedError, NotFoundError) as error:
        return error.status
    return None


def _rules(walk: Walk) -> Iterator[Finding]:
    """Whether the rules of the default branch are told, which read-only tokens often do not get."""
    try:
        data = walk.graphql(queries.DEFAULT_BRANCH_RULES, walk.variables)
    except GraphQLError as error:
        yield Finding(
            "error", f"{walk.name}: GraphQL refuses ({error})", "give the token read access to pull requests"
        )
        return
    branch = data["repository"]["defaultBranchRef"] or {}
    if not branch.get("refUpdateRule"):
        yield Finding(
            "warning",
            f"{walk.name}: rules of {walk.default_branch} are not told, and will be inferred",
            "where there are rules, give required_approvals and required_checks in the settings' services",
        )


def _issues(walk: Walk) -> Iterator[Finding]:
    """Whether issues may be read, which are a permission of their own."""
    if not walk.settings.issues:
        return
    try:
        walk.graphql(queries.ISSUES, {**walk.variables, "first": 1, "after": None, "since": None})
    except GraphQLError as error:
        yield Finding(
            "warning",
            f"{walk.name}: issues cannot be read ({error}): no tickets",
            "give the token read access to issues, or take issues out of the settings",
        )


def _clone(walk: Walk) -> Iterator[Finding]:
    try:
        branches = place(walk).branch_count()
    except GitError as error:
        yield Finding(
            "error",
            f"{walk.name}: its git history cannot be read: {error}",
            "give the token read access to contents, or set clone: false or clone: {path: …}",
        )
        return
    yield Finding("ok", f"{walk.name}: its git history can be read, {branches:,} branches")

"""Settings of one GitHub connection, the addresses that follow from them, and the client they ask for.

`base_url` is the REST API: https://api.github.com, https://<host>/api/v3 of an Enterprise Server, or a local
server. GraphQL and clone addresses are derived from it, so credentials go to no other host than that one (and
github.com for api.github.com).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from fnmatch import fnmatch
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, model_validator

from ingestion.git_history.places import GitAddress
from ingestion.http import Auth, Budget, GitHubAppAuth, HeaderAuth, HttpClient, RateLimitPolicy, bearer
from ingestion.settings import ConnectionSettings

EXAMPLE = """\
- name: acme-github
  connector: github
  base_url: https://api.github.com
  token: ${GITHUB_TOKEN}
  repositories: [acme/checkout, acme/search]
"""

RepositoryName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$")]

_RATE_LIMITS = RateLimitPolicy(
    budgets=(Budget("X-RateLimit-Remaining", "X-RateLimit-Reset", "epoch_seconds"),)
)
_HEADERS = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AppCredentials(_Strict):
    """A GitHub App that is installed in the organisation."""

    app_id: Annotated[str, Field(description="The App's id or client id.", coerce_numbers_to_str=True)]
    installation_id: Annotated[
        str, Field(description="Id of the installation in the organisation.", coerce_numbers_to_str=True)
    ]
    private_key: Annotated[SecretStr, Field(description="The App's private key (PEM), as ${VARIABLE}.")]


class CloneSource(GitAddress):
    """Where the git history comes from, if not from the forge; `{repository}` stands for owner/name."""

    @property
    def is_template(self) -> bool:
        """Whether it names a place for each repository."""
        return "{repository}" in (self.url or self.path or "")


class GitHubSettings(ConnectionSettings):
    """One GitHub organisation or a list of repositories, seen with one token or App."""

    base_url: Annotated[
        str, Field(description="REST API; https://<host>/api/v3 for GitHub Enterprise Server.")
    ] = "https://api.github.com"
    token: Annotated[
        SecretStr | None,
        Field(
            description="Personal token as ${VARIABLE}: classic with repo and read:org, or fine-grained with "
            "read access to metadata, contents, pull requests, issues, actions, deployments and members."
        ),
    ] = None
    app: Annotated[AppCredentials | None, Field(description="A GitHub App instead of a token.")] = None
    repositories: Annotated[
        tuple[RepositoryName, ...], Field(description="Repositories to read, as owner/name.")
    ] = ()
    organization: Annotated[
        str | None, Field(description="Read the organisation's repositories instead of a list.")
    ] = None
    include: Annotated[
        tuple[str, ...],
        Field(description="Of the organisation: only names that match one of these patterns."),
    ] = ("*",)
    exclude: Annotated[
        tuple[str, ...], Field(description="Of the organisation: no names that match one of these patterns.")
    ] = ()
    archived: Annotated[bool, Field(description="Of the organisation: archived repositories as well.")] = (
        False
    )
    clone: Annotated[
        bool | CloneSource,
        Field(
            description="Git history for commit ancestry, tags and trailers: true clones from the forge, "
            "without files; false does without; {url: …} and {path: …} take it from elsewhere."
        ),
    ] = True
    without: Annotated[
        tuple[Literal["actions", "deployments", "releases", "activity"], ...],
        Field(description="Parts to leave out, for tokens that may not read them."),
    ] = ()
    issues: Annotated[
        bool,
        Field(description="Issues are the tickets: read them, a request more for each repository and run."),
    ] = False

    @model_validator(mode="after")
    def _is_consistent(self) -> GitHubSettings:
        if (self.token is None) == (self.app is None):
            raise ValueError("give either token or app")
        if bool(self.repositories) == bool(self.organization):
            raise ValueError("give either repositories or organization")
        is_single = len(self.repositories) == 1
        if isinstance(self.clone, CloneSource) and not (is_single or self.clone.is_template):
            raise ValueError("clone: name the place of each repository with {repository}")
        return self

    @property
    def graphql_url(self) -> str:
        """GraphQL endpoint: beside /v3 on an Enterprise Server, else below the base."""
        base = self.base_url.rstrip("/")
        return f"{base.removesuffix('/v3')}/graphql" if base.endswith("/api/v3") else f"{base}/graphql"

    @property
    def git_origin(self) -> str:
        """Where repositories are cloned from over HTTP; the one place besides the API that sees the token."""
        parts = urlsplit(self.base_url)
        host = "github.com" if parts.netloc == "api.github.com" else parts.netloc
        return f"{parts.scheme}://{host}"

    def selects(self, name: str, *, is_archived: bool) -> bool:
        """Whether a repository of the organisation (owner/name) is to be read."""
        short = name.partition("/")[2]

        def matches(patterns: tuple[str, ...]) -> bool:
            return any(fnmatch(short, pattern) or fnmatch(name, pattern) for pattern in patterns)

        return (self.archived or not is_archived) and matches(self.include) and not matches(self.exclude)


def authentication(settings: GitHubSettings) -> Auth:
    """How requests prove who they are."""
    if settings.app:
        app = settings.app
        return GitHubAppAuth(app.app_id, app.installation_id, app.private_key)
    assert settings.token is not None  # noqa: S101 - the model holds one of the two
    return bearer(settings.token)


def client(settings: GitHubSettings, sleep: Callable[[float], None] = time.sleep) -> HttpClient:
    """The connection's HTTP client, with GitHub's way of telling its limits."""
    return HttpClient(
        settings.base_url, authentication(settings), rate_limits=_RATE_LIMITS, headers=_HEADERS, sleep=sleep
    )


def git_token(settings: GitHubSettings) -> SecretStr:
    """A token that git may present to `git_origin`; of an App a fresh one, valid for an hour."""
    if settings.token is not None:
        return settings.token

    def exchange(path: str, headers: Mapping[str, str]) -> Mapping[str, Any]:
        signed = HeaderAuth("Authorization", SecretStr(headers["Authorization"]))
        answer: Mapping[str, Any] = HttpClient(settings.base_url, signed, headers=_HEADERS).post_json(
            path, {}
        )
        return answer

    held = authentication(settings).headers(exchange)
    return SecretStr(held["Authorization"].removeprefix("Bearer "))

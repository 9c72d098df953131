"""Settings of a GitLab connection, and the client they ask for.

`base_url` is the REST API: https://gitlab.com/api/v4, https://<host>/api/v4 of a self-managed one, or a local
server. Clone addresses are derived from it, so the token goes to no other host.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from fnmatch import fnmatch
from typing import Annotated, Literal

from pydantic import Field, SecretStr, StringConstraints, model_validator

from ingestion.git_history.places import GitAddress
from ingestion.http import Budget, HeaderAuth, HttpClient, RateLimitPolicy
from ingestion.settings import ConnectionSettings

EXAMPLE = """\
- name: acme-gitlab
  connector: gitlab
  base_url: https://gitlab.com/api/v4
  token: ${GITLAB_TOKEN}
  projects: [acme/checkout, acme/shop/search]
"""

ProjectPath = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)+$")]
GroupPath = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$")]
Part = Literal["pipelines", "deployments", "releases", "issues", "merge_trains"]

_API = "/api/v4"
_RATE_LIMITS = RateLimitPolicy(
    budgets=(Budget("RateLimit-Remaining", "RateLimit-Reset", "epoch_seconds"),),
    secondary=r"retry later|rate limit",
)


class GitLabSettings(ConnectionSettings):
    """A list of GitLab projects, or all projects of a group and its subgroups, seen with one token."""

    base_url: Annotated[
        str, Field(description="REST API; https://<host>/api/v4 for a self-managed GitLab.")
    ] = f"https://gitlab.com{_API}"
    token: Annotated[
        SecretStr,
        Field(
            description="Personal, group or project access token as ${VARIABLE}, with the scopes read_api "
            "and read_repository and the role Reporter."
        ),
    ]
    projects: Annotated[tuple[ProjectPath, ...], Field(description="Projects to read, as group/name.")] = ()
    group: Annotated[
        GroupPath | None, Field(description="Read all projects of a group instead of a list.")
    ] = None
    include: Annotated[
        tuple[str, ...], Field(description="Of the group: only paths that match one of these patterns.")
    ] = ("*",)
    exclude: Annotated[
        tuple[str, ...], Field(description="Of the group: no paths that match one of these patterns.")
    ] = ()
    archived: Annotated[bool, Field(description="Of the group: archived projects as well.")] = False
    clone: Annotated[
        bool | GitAddress,
        Field(
            description="Git history for commit ancestry, tags and trailers: true clones from the forge, "
            "without files; false does without; {url: …} and {path: …} take it from elsewhere, with "
            "{repository} for the project's path."
        ),
    ] = True
    without: Annotated[
        tuple[Part, ...], Field(description="Parts to leave out, for tokens that may not read them.")
    ] = ()
    status_label_prefix: Annotated[
        str,
        Field(description="Scoped labels that tell where an issue stands, such as workflow::in dev."),
    ] = "workflow::"
    type_label_prefix: Annotated[
        str, Field(description="Scoped labels that tell what an issue is, such as type::bug.")
    ] = "type::"

    @model_validator(mode="after")
    def _is_consistent(self) -> GitLabSettings:
        if bool(self.projects) == bool(self.group):
            raise ValueError("give either projects or group")
        is_template = isinstance(self.clone, GitAddress) and "{repository}" in (
            self.clone.url or self.clone.path or ""
        )
        if isinstance(self.clone, GitAddress) and len(self.projects) != 1 and not is_template:
            raise ValueError("clone: name the place of each project with {repository}")
        return self

    @property
    def git_origin(self) -> str:
        """Where projects are cloned from over HTTP: the API's own host."""
        return self.base_url.rstrip("/").removesuffix(_API)

    def selects(self, path: str) -> bool:
        """Whether a project of the group (its whole path) is to be read."""
        name = path.rpartition("/")[2]

        def matches(patterns: tuple[str, ...]) -> bool:
            return any(fnmatch(name, pattern) or fnmatch(path, pattern) for pattern in patterns)

        return matches(self.include) and not matches(self.exclude)


def client(settings: GitLabSettings, sleep: Callable[[float], None] = time.sleep) -> HttpClient:
    """The connection's HTTP client, with GitLab's way of telling its limits."""
    authentication = HeaderAuth("PRIVATE-TOKEN", settings.token)
    return HttpClient(settings.base_url, authentication, rate_limits=_RATE_LIMITS, sleep=sleep)

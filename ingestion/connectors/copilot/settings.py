"""Settings of one organisation's Copilot, and the client they ask for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Annotated, Literal

from pydantic import Field, SecretStr, StringConstraints

from ingestion.http import Budget, HttpClient, RateLimitPolicy, bearer
from ingestion.settings import ConnectionSettings

EXAMPLE = """\
- name: acme-copilot
  connector: copilot
  base_url: https://api.github.com
  token: ${COPILOT_TOKEN}
  organization: acme
  repositories: [acme/checkout, acme/search]
"""

RepositoryName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$")]
Part = Literal["usage", "seats", "agent_tasks"]

_RATE_LIMITS = RateLimitPolicy(
    budgets=(Budget("X-RateLimit-Remaining", "X-RateLimit-Reset", "epoch_seconds"),)
)
_HEADERS = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}


class CopilotSettings(ConnectionSettings):
    """Copilot as one GitHub organisation uses it, seen with one user's token."""

    base_url: Annotated[
        str, Field(description="REST API of GitHub; https://api.<name>.ghe.com with data residency.")
    ] = "https://api.github.com"
    token: Annotated[
        SecretStr,
        Field(
            description="Token of an organisation's owner as ${VARIABLE}: classic with read:org, or "
            "fine-grained with read access to organisation Copilot metrics, Copilot seat management and "
            "agent tasks; Apps' installation tokens may not read agent tasks."
        ),
    ]
    organization: Annotated[str, Field(description="Login of the organisation.")]
    repositories: Annotated[
        tuple[RepositoryName, ...], Field(description="Repositories (owner/name) whose agent tasks are read.")
    ] = ()
    history_days: Annotated[
        int, Field(ge=1, le=365, description="How many days back a first walk goes, at most a year.")
    ] = 365
    without: Annotated[
        tuple[Part, ...], Field(description="Parts to leave out, for tokens that may not read them.")
    ] = ()


def client(settings: CopilotSettings, sleep: Callable[[float], None] = time.sleep) -> HttpClient:
    """The connection's HTTP client, with GitHub's way of telling its limits."""
    return HttpClient(
        settings.base_url, bearer(settings.token), rate_limits=_RATE_LIMITS, headers=_HEADERS, sleep=sleep
    )


def identities(settings: CopilotSettings) -> Iterator[str]:
    """What the connection reads: another one may read the parts that this one leaves out."""
    for part in ("usage", "seats"):
        if part not in settings.without:
            yield f"{part} of {settings.organization}"
    if "agent_tasks" not in settings.without:
        yield from settings.repositories

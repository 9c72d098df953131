"""Settings of one Jira Cloud connection, and the client they ask for.

An API token goes with the e-mail address of its account; a token without one is sent as a bearer token, as
OAuth and service accounts want it at https://api.atlassian.com/ex/jira/<cloud id>.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Annotated, Literal

from pydantic import Field, SecretStr, StringConstraints

from ingestion.http import Budget, HttpClient, RateLimitPolicy, basic, bearer
from ingestion.settings import ConnectionSettings, TimeZone

EXAMPLE = """\
- name: acme-jira
  connector: jira
  base_url: https://acme.atlassian.net
  email: flowgauge@acme.example
  token: ${JIRA_TOKEN}
  projects: [CHECKOUT, SEARCH]
"""

ProjectKey = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_]+$")]

_RATE_LIMITS = RateLimitPolicy(
    budgets=(Budget("X-RateLimit-Remaining", "X-RateLimit-Reset", "iso"),), backoff_seconds=5.0
)


class JiraSettings(ConnectionSettings):
    """One Jira Cloud site, seen with one account."""

    token: Annotated[
        SecretStr,
        Field(
            description="API token as ${VARIABLE}: of an account that may browse the projects, or with the "
            "scopes read:jira-work, read:jira-user and read:board-scope, read:sprint of Jira Software."
        ),
    ]
    email: Annotated[
        str | None, Field(description="E-mail address of the token's account; none for a bearer token.")
    ] = None
    projects: Annotated[
        tuple[ProjectKey, ...],
        Field(description="Keys or ids of projects; all that the token sees by default."),
    ] = ()
    without: Annotated[
        tuple[Literal["boards", "links"], ...],
        Field(description="Parts to leave out: boards with their sprints, links of issues to changes."),
    ] = ()
    time_zone: Annotated[
        TimeZone | None,
        Field(description="Zone of the account's profile, where the token may not read that."),
    ] = None


def client(settings: JiraSettings, sleep: Callable[[float], None] = time.sleep) -> HttpClient:
    """The connection's HTTP client, with Jira's way of telling its limits."""
    auth = basic(settings.email, settings.token) if settings.email else bearer(settings.token)
    return HttpClient(settings.base_url, auth, rate_limits=_RATE_LIMITS, sleep=sleep)

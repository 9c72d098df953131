"""Settings of one PagerDuty account, and the client they ask for."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date
from typing import Annotated

from pydantic import Field, SecretStr, StringConstraints, model_validator

from ingestion.http import Auth, Budget, HeaderAuth, HttpClient, RateLimitPolicy, bearer
from ingestion.settings import ConnectionSettings

EXAMPLE = """\
- name: acme-pagerduty
  connector: pagerduty
  base_url: https://api.pagerduty.com
  token: ${PAGERDUTY_TOKEN}
"""

ServiceId = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]+$")]

_RATE_LIMITS = RateLimitPolicy(budgets=(Budget("ratelimit-remaining", "ratelimit-reset", "delta_seconds"),))
_HEADERS = {"Accept": "application/vnd.pagerduty+json;version=2"}
_FOUNDED = date(2009, 1, 1)


class PagerDutySettings(ConnectionSettings):
    """One account, or some of its services, seen with one API key."""

    base_url: Annotated[
        str, Field(description="REST API; https://api.eu.pagerduty.com for accounts in the EU.")
    ] = "https://api.pagerduty.com"
    token: Annotated[SecretStr | None, Field(description="Read-only API key as ${VARIABLE}.")] = None
    oauth_token: Annotated[
        SecretStr | None,
        Field(
            description="Scoped OAuth token as ${VARIABLE} instead, with incidents.read, services.read and "
            "users.read."
        ),
    ] = None
    service_ids: Annotated[
        tuple[ServiceId, ...], Field(description="Only incidents of these services; all by default.")
    ] = ()
    history_start: Annotated[
        date, Field(description="Incidents from this day on; windows without any cost one request each.")
    ] = _FOUNDED

    @model_validator(mode="after")
    def _is_consistent(self) -> PagerDutySettings:
        if (self.token is None) == (self.oauth_token is None):
            raise ValueError("give either token or oauth_token")
        return self


def authentication(settings: PagerDutySettings) -> Auth:
    """How requests prove who they are: API keys in a scheme of PagerDuty's own."""
    if settings.oauth_token:
        return bearer(settings.oauth_token)
    assert settings.token is not None  # noqa: S101 - the model holds one of the two
    return HeaderAuth("Authorization", settings.token, prefix="Token token=")


def client(settings: PagerDutySettings, sleep: Callable[[float], None] = time.sleep) -> HttpClient:
    """The connection's HTTP client, with PagerDuty's way of telling its limits."""
    return HttpClient(
        settings.base_url,
        authentication(settings),
        rate_limits=_RATE_LIMITS,
        headers=_HEADERS,
        sleep=sleep,
    )

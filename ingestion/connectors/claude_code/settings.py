"""Settings of one organisation's Claude Code, and the client they ask for."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Annotated

from pydantic import Field, SecretStr

from ingestion.auth import HeaderAuth
from ingestion.http import HttpClient, RateLimitPolicy
from ingestion.settings import ConnectionSettings

EXAMPLE = """\
- name: acme-claude-code
  connector: claude_code
  base_url: https://api.anthropic.com
  api_key: ${ANTHROPIC_ADMIN_KEY}
"""

_HEADERS = {"anthropic-version": "2023-06-01"}
# Refusals name no time to wait.
_RATE_LIMITS = RateLimitPolicy(backoff_seconds=30)


class ClaudeCodeSettings(ConnectionSettings):
    """Claude Code as one organisation of the Claude Platform uses it."""

    base_url: Annotated[str, Field(description="Anthropic's API.")] = "https://api.anthropic.com"
    api_key: Annotated[SecretStr, Field(description="Admin API key of the organisation, as ${VARIABLE}.")]
    history_days: Annotated[
        int, Field(ge=1, le=3650, description="How many days back a first walk goes: one request each.")
    ] = 365


def client(settings: ClaudeCodeSettings, sleep: Callable[[float], None] = time.sleep) -> HttpClient:
    """The connection's HTTP client."""
    return HttpClient(
        settings.base_url,
        HeaderAuth("x-api-key", settings.api_key),
        rate_limits=_RATE_LIMITS,
        headers=_HEADERS,
        sleep=sleep,
    )

"""What `flowgauge doctor` asks of Claude Code's analytics: whether the key may read them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC

from ingestion.connector import Extraction, Finding
from ingestion.connectors.claude_code.source import PATH
from ingestion.http import AccessDeniedError, AuthenticationError, HttpError


def check(extraction: Extraction) -> Iterator[Finding]:
    """One finding on the key."""
    today = extraction.started_at.astimezone(UTC).date().isoformat()
    try:
        extraction.http.get_json(PATH, {"starting_at": today, "limit": 1})
    except (AuthenticationError, AccessDeniedError) as error:
        yield Finding(
            "error",
            f"Anthropic does not let the key read Claude Code's analytics ({error.status})",
            "use an Admin API key (sk-ant-admin…), which an organisation's admin makes in the console",
        )
    except HttpError as error:
        yield Finding("error", f"Claude Code's analytics cannot be read: {error}", "check base_url")
    else:
        yield Finding("ok", "the key may read Claude Code's analytics")

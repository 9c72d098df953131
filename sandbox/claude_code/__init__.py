"""Claude Code's analytics over the sessions on record: one UTC day for each request, page after page."""

import time
from typing import Any

from sandbox.calendar import DAY
from sandbox.claude_code.app import ClaudeCode
from sandbox.organisation import Organisation
from sandbox.vendor import TOKEN_REFERENCE, Vendor

__all__ = ["VENDOR", "ClaudeCode"]


def _connection(organisation: Organisation, url: str, _now: int) -> dict[str, Any]:
    return {
        "name": f"{organisation.company}-claude-code",
        "connector": "claude_code",
        "base_url": url,
        "api_key": TOKEN_REFERENCE,
        # a walk goes from today, and asks for each day
        "history_days": (int(time.time()) - organisation.start) // DAY + 1,
    }


VENDOR = Vendor("claude_code", ClaudeCode.of, _connection)

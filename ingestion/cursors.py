"""Cursors that are instants in a vendor's own words."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any


def latest(texts: Iterable[Any], cursor: str | None) -> str | None:
    """The latest of the ISO 8601 texts and the cursor; what is no instant is for the row checks to reject."""
    instants = {text: at for text in [*texts, cursor] if (at := instant(text)) is not None}
    return max(instants, key=lambda text: instants[text], default=None)


def instant(text: Any) -> datetime | None:
    """The aware datetime of an ISO 8601 text; None for anything else."""
    try:
        at = datetime.fromisoformat(text)
    except (ValueError, TypeError):
        return None
    return at if at.tzinfo else None

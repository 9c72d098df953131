"""How vendors tell their rate limits: headers, units and the words of a refusal, as a declaration.

A connector states one `RateLimitPolicy`; the client asks it how long to wait. Times are measured against the
answer's own `Date`, so that a wrong local clock neither hammers the vendor nor sleeps for hours.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Literal

ResetUnit = Literal["epoch_seconds", "epoch_milliseconds", "delta_seconds", "iso"]

_MARGIN_SECONDS = 1.0
"""Vendors tell the reset in whole seconds; asking within that second is refused again."""


@dataclass(frozen=True)
class Budget:
    """One budget that a vendor reports: what is left, when it is full again, and in which unit it says so."""

    remaining: str
    reset: str
    unit: ResetUnit

    def left(self, headers: Mapping[str, str]) -> int | None:
        """Requests (or points) left, None where the answer does not say."""
        value = headers.get(self.remaining, "")
        return int(value) if value.strip().isdigit() else None

    def seconds_to_reset(self, headers: Mapping[str, str], now: datetime) -> float | None:
        """Seconds until the budget is full again, None where the answer does not say."""
        value = headers.get(self.reset, "").strip()
        try:
            if self.unit == "iso":
                return (datetime.fromisoformat(value) - now).total_seconds()
            number = float(value)
        except (ValueError, TypeError):
            return None
        if self.unit == "delta_seconds":
            return number
        scale = 1000 if self.unit == "epoch_milliseconds" else 1
        return number / scale - now.timestamp()


@dataclass(frozen=True)
class RateLimitPolicy:
    """What a vendor's limits look like.

    Attributes:
        budgets: reported budgets; where several are exhausted, the longest wait counts.
        secondary: pattern in the body of a 403 that makes it a rate limit rather than a missing permission.
        backoff_seconds: least wait after a refusal that names no time; doubles with each further one.
    """

    budgets: tuple[Budget, ...] = ()
    secondary: str = r"rate limit|abuse detection|too many requests"
    backoff_seconds: float = 60.0
    limited_statuses: frozenset[int] = field(
        default=frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS})
    )

    def left(self, headers: Mapping[str, str]) -> int | None:
        """The smallest reported budget, None where none is reported."""
        reported = [left for budget in self.budgets if (left := budget.left(headers)) is not None]
        return min(reported, default=None)

    def is_limited(self, status: int, headers: Mapping[str, str], body: str) -> bool:
        """Whether the answer refuses for having been asked too often."""
        if status not in self.limited_statuses:
            return False
        if status == HTTPStatus.TOO_MANY_REQUESTS or "Retry-After" in headers or self.left(headers) == 0:
            return True
        return re.search(self.secondary, body, re.IGNORECASE) is not None

    def seconds_to_wait(self, headers: Mapping[str, str]) -> float | None:
        """Seconds that the answer asks to wait, None where it names no time."""
        asked = retry_after_seconds(headers)
        return asked if asked is not None else self.seconds_until_refilled(headers)

    def seconds_until_refilled(self, headers: Mapping[str, str]) -> float | None:
        """Seconds until every exhausted budget is full again, None where none is exhausted."""
        now = answered_at(headers)
        waits = [
            wait
            for budget in self.budgets
            if budget.left(headers) == 0 and (wait := budget.seconds_to_reset(headers, now)) is not None
        ]
        return max(0.0, *waits) + _MARGIN_SECONDS if waits else None


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """`Retry-After` in seconds, told as seconds or as an HTTP date; None where absent or unreadable."""
    value = headers.get("Retry-After", "").strip()
    try:
        return max(0.0, float(value))
    except ValueError:
        at = _http_date(value)
    return None if at is None else max(0.0, (at - answered_at(headers)).total_seconds())


def answered_at(headers: Mapping[str, str]) -> datetime:
    """The server's clock at its answer, else ours."""
    return _http_date(headers.get("Date", "")) or datetime.now(UTC)


def _http_date(value: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, TypeError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)

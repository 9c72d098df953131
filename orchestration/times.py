"""The clock, and what a reporting day is: the only place of the orchestration that asks what time it is."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo


def now() -> datetime:
    """This instant, UTC, whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)


def reporting_day(at: datetime, zone: str) -> date:
    """Day of the reporting time zone on which the instant falls."""
    return at.astimezone(ZoneInfo(zone)).date()


def start_of_day(day: date, zone: str) -> datetime:
    """The instant, UTC, at which a day of the reporting time zone starts."""
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)

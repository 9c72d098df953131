"""Working days of teams and days of the reporting time zone, as instants in UTC.

All that daylight saving time does to a day is settled here, once, so that SQL only subtracts. The seconds
that a calendar works before an instant follow from its day's `cumulative_seconds` and what has passed of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ingestion.settings import DEFAULT_CALENDAR, WEEKDAYS, Settings, Team

FIRST_DAY = date(2008, 1, 1)
"""Before the first pull request of any forge."""


@dataclass(frozen=True)
class Calendar:
    """When a team works, from `valid_from` on."""

    name: str
    valid_from: date | None
    zone: ZoneInfo
    weekdays: frozenset[int]
    starts: time
    ends: time
    holidays: frozenset[date]

    def days(self, last_day: date) -> Iterator[dict[str, Any]]:
        """One row per day, with the working seconds before it."""
        worked = 0
        for day in _days(last_day):
            start = end = None
            if day.weekday() in self.weekdays and day not in self.holidays:
                start, end = _instant(day, self.starts, self.zone), _instant(day, self.ends, self.zone)
            yield {
                "calendar": self.name,
                "valid_from": self.valid_from,
                "local_date": day,
                "work_start_at": start,
                "work_end_at": end,
                "cumulative_seconds": worked,
            }
            if start and end:
                worked += int((end - start).total_seconds())


def calendars(settings: Settings, last_day: date) -> list[Calendar]:
    """The default calendar in the reporting time zone, and one per team and validity."""
    default = Calendar(
        name=DEFAULT_CALENDAR,
        valid_from=None,
        zone=settings.zone,
        weekdays=frozenset(range(5)),
        starts=time(9),
        ends=time(17),
        holidays=frozenset(),
    )
    return [default, *[_of_team(team, settings, last_day) for team in settings.teams]]


def reporting_days(zone: ZoneInfo, last_day: date) -> Iterator[dict[str, Any]]:
    """One row per day of the zone; days of 23 and 25 hours have their true length."""
    for day in _days(last_day):
        year, week, weekday = day.isocalendar()
        yield {
            "date_day": day,
            "starts_at": _instant(day, time(0), zone),
            "ends_at": _instant(day + timedelta(days=1), time(0), zone),
            "week_start": day - timedelta(days=weekday - 1),
            "iso_week": f"{year}-W{week:02d}",
        }


def _of_team(team: Team, settings: Settings, last_day: date) -> Calendar:
    return Calendar(
        name=team.name,
        valid_from=team.valid_from,
        zone=ZoneInfo(team.time_zone or settings.reporting_timezone),
        weekdays=frozenset(WEEKDAYS.index(day) for day in team.working_days),
        starts=team.working_hours[0],
        ends=team.working_hours[1],
        holidays=frozenset(team.holidays) | _public_holidays(team.holidays_of, last_day.year),
    )


def _public_holidays(code: str | None, last_year: int) -> frozenset[date]:
    """What the library knows of a country, or of a part of it."""
    if code is None:
        return frozenset()
    import holidays

    country, _, part = code.partition("-")
    years = range(FIRST_DAY.year, last_year + 1)
    return frozenset(holidays.country_holidays(country, subdiv=part or None, years=years))


def _days(last_day: date) -> Iterator[date]:
    day = FIRST_DAY
    while day <= last_day:
        yield day
        day += timedelta(days=1)


def _instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """UTC, without an offset as the tables hold it; a skipped local time is the moment of skipping."""
    return datetime.combine(day, at, zone).astimezone(UTC).replace(tzinfo=None)

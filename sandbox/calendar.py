"""Working time: when a person is at work, in UTC seconds, and how far an amount of work reaches.

Working days are laid out once as intervals with running totals, so that each question is one binary search.
The simulation's time is whole seconds since 1970 throughout.
"""

from array import array
from bisect import bisect_right
from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY = 86_400
WEEK = 7 * DAY
SATURDAY = 5


def instant(moment: datetime) -> int:
    """Return an aware datetime as whole seconds since 1970."""
    return int(moment.timestamp())


def moment(at: int) -> datetime:
    """Return seconds since 1970 as an aware UTC datetime."""
    return datetime.fromtimestamp(at, UTC)


def isoformat(at: int) -> str:
    """Return seconds since 1970 as vendors write it: `2026-03-01T09:00:00Z`."""
    return moment(at).strftime("%Y-%m-%dT%H:%M:%SZ")


def days_between(start: date, end: date) -> Iterator[date]:
    """Yield each day from start to end, the end excluded."""
    for offset in range((end - start).days):
        yield start + timedelta(days=offset)


class WorkCalendar:
    """The working hours of one person or team over the simulated time: Monday to Friday less days off."""

    def __init__(
        self,
        zone: str,
        start: int,
        end: int,
        days_off: Collection[date],
        hours: tuple[time, time] = (time(9), time(17)),
    ) -> None:
        self.zone = ZoneInfo(zone)
        self._starts = array("q")
        self._ends = array("q")
        self._worked_before = array("q")
        worked = 0
        for day in days_between(moment(start - DAY).date(), moment(end + 3 * WEEK).date()):
            if day.weekday() >= SATURDAY or day in days_off:
                continue
            opens, closes = (instant(datetime.combine(day, hour, self.zone)) for hour in hours)
            self._starts.append(opens)
            self._ends.append(closes)
            self._worked_before.append(worked)
            worked += closes - opens

    def hours(self) -> Iterator[tuple[int, int]]:
        """Yield when each working day begins and ends."""
        yield from zip(self._starts, self._ends, strict=True)

    def next_working(self, at: int) -> int:
        """Return the first working instant at or after `at`."""
        index = bisect_right(self._starts, at) - 1
        if index >= 0 and at < self._ends[index]:
            return at
        return self._starts[index + 1] if index + 1 < len(self._starts) else at + WEEK

    def add(self, at: int, seconds: int) -> int:
        """Return the instant at which `seconds` of work that begins at `at` is done."""
        target = self.worked(at) + seconds
        index = bisect_right(self._worked_before, target - 1) - 1
        if index >= len(self._starts) - 1:
            return max(at, self._ends[-1]) + seconds
        return self._starts[index] + target - self._worked_before[index]

    def worked(self, at: int) -> int:
        """Return the working seconds from the beginning of the calendar to `at`."""
        index = bisect_right(self._starts, at) - 1
        if index < 0:
            return 0
        return self._worked_before[index] + min(at, self._ends[index]) - self._starts[index]

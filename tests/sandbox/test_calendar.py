from datetime import UTC, date, datetime

import pytest

from sandbox.calendar import DAY, WEEK, WorkCalendar, instant

HOUR = 3600
MONDAY = instant(datetime(2026, 3, 23, tzinfo=UTC))


def calendar(days_off: tuple[date, ...] = ()) -> WorkCalendar:
    return WorkCalendar("Europe/Berlin", MONDAY, MONDAY + 8 * WEEK, days_off)


def at(text: str) -> int:
    return instant(datetime.fromisoformat(text))


def test_work_begins_at_nine_local_time_across_the_change_to_summer_time() -> None:
    assert calendar().next_working(at("2026-03-27T20:00Z")) == at("2026-03-30T07:00Z")
    assert calendar().next_working(at("2026-03-26T20:00Z")) == at("2026-03-27T08:00Z")


def test_a_holiday_is_no_working_day() -> None:
    assert calendar((date(2026, 3, 24),)).next_working(at("2026-03-23T17:00Z")) == at("2026-03-25T08:00Z")


@pytest.mark.parametrize("hours", [1, 7, 8, 9, 40, 100])
def test_adding_work_is_the_inverse_of_counting_it(hours: int) -> None:
    begin = at("2026-03-23T10:30Z")
    end = calendar().add(begin, hours * HOUR)
    assert calendar().worked(end) - calendar().worked(begin) == hours * HOUR


def test_a_day_of_work_ends_on_the_evening_and_not_the_next_morning() -> None:
    assert calendar().add(at("2026-03-23T08:00Z"), 8 * HOUR) == at("2026-03-23T16:00Z")


def test_work_beyond_the_calendar_still_ends_later() -> None:
    late = MONDAY + 20 * WEEK
    assert calendar().add(late, DAY) > late

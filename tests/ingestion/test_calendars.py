"""Working days and reporting days, through holidays and both changes of the clock."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from support.toy_connector import ToySettings

from ingestion.calendars import Calendar, calendars, reporting_days
from ingestion.settings import Settings

BERLIN = ZoneInfo("Europe/Berlin")
END = date(2026, 12, 31)


def settings(**more: Any) -> Settings:
    connection = ToySettings(name="acme", connector="toy", base_url="https://toy.example")
    return Settings.model_validate(
        {"connections": [connection], "reporting_timezone": "Europe/Berlin", **more}
    )


def by_day(calendar: Calendar) -> dict[date, dict[str, Any]]:
    return {day["local_date"]: day for day in calendar.days(END)}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.fixture(scope="module")
def default() -> dict[date, dict[str, Any]]:
    return by_day(calendars(settings(), END)[0])


def test_the_default_calendar_works_nine_to_five_on_weekdays_of_the_reporting_zone(
    default: dict[date, dict[str, Any]],
) -> None:
    monday = default[date(2026, 1, 5)]
    assert (monday["calendar"], monday["valid_from"]) == ("default", None)
    assert (monday["work_start_at"], monday["work_end_at"]) == (
        at("2026-01-05T08:00"),
        at("2026-01-05T16:00"),
    )
    saturday = default[date(2026, 1, 10)]
    assert (saturday["work_start_at"], saturday["work_end_at"]) == (None, None)


def test_cumulative_seconds_are_those_worked_before_the_day(default: dict[date, dict[str, Any]]) -> None:
    assert default[date(2008, 1, 1)]["cumulative_seconds"] == 0
    day = date(2008, 1, 1)
    worked = 0
    while day <= date(2009, 1, 1):
        row = default[day]
        assert row["cumulative_seconds"] == worked
        if row["work_start_at"]:
            worked += int((row["work_end_at"] - row["work_start_at"]).total_seconds())
        day += timedelta(days=1)
    assert worked == 263 * 8 * 3600


def test_a_week_across_the_change_of_the_clock_works_forty_hours(default: dict[date, dict[str, Any]]) -> None:
    for monday in (date(2026, 3, 23), date(2026, 3, 30), date(2026, 10, 26)):
        week = (
            default[monday + timedelta(days=7)]["cumulative_seconds"] - default[monday]["cumulative_seconds"]
        )
        assert week == 40 * 3600


def test_hours_across_the_change_itself_are_counted_as_they_pass() -> None:
    night = Calendar("night", None, BERLIN, frozenset(range(7)), time(0), time(6), frozenset())
    days = by_day(night)

    def seconds(day: date) -> int:
        following = days[day + timedelta(days=1)]["cumulative_seconds"]
        return int(following - days[day]["cumulative_seconds"])

    assert seconds(date(2026, 3, 28)) == 6 * 3600
    assert seconds(date(2026, 3, 29)) == 5 * 3600
    assert seconds(date(2026, 10, 25)) == 7 * 3600


def test_a_team_has_its_own_zone_days_hours_and_holidays() -> None:
    team = {
        "name": "tel-aviv",
        "time_zone": "Asia/Jerusalem",
        "working_days": ["sunday", "monday"],
        "working_hours": ["10:00", "16:30"],
        "holidays": [date(2026, 1, 4)],
        "valid_from": date(2026, 1, 1),
    }
    days = by_day(calendars(settings(teams=[team]), END)[1])
    sunday = days[date(2026, 1, 11)]
    assert (sunday["calendar"], sunday["valid_from"]) == ("tel-aviv", date(2026, 1, 1))
    assert (sunday["work_start_at"], sunday["work_end_at"]) == (
        at("2026-01-11T08:00"),
        at("2026-01-11T14:30"),
    )
    assert days[date(2026, 1, 4)]["work_start_at"] is None
    assert days[date(2026, 1, 6)]["work_start_at"] is None


def test_public_holidays_of_a_country_join_those_that_are_listed() -> None:
    team = {"name": "munich", "holidays_of": "DE-BY", "holidays": [date(2026, 1, 7)]}
    bavaria = by_day(calendars(settings(teams=[team]), END)[1])
    germany = by_day(calendars(settings(teams=[{"name": "web", "holidays_of": "DE"}]), END)[1])
    epiphany, labour_day, next_day = date(2026, 1, 6), date(2026, 5, 1), date(2026, 1, 7)
    assert [bavaria[day]["work_start_at"] for day in (epiphany, labour_day, next_day)] == [None] * 3
    assert germany[labour_day]["work_start_at"] is None
    assert germany[epiphany]["work_start_at"] is not None


def test_a_team_without_a_zone_has_the_reporting_one() -> None:
    days = by_day(calendars(settings(teams=[{"name": "web"}]), END)[1])
    assert days[date(2026, 1, 5)]["work_start_at"] == at("2026-01-05T08:00")


def test_each_version_of_a_team_is_a_calendar() -> None:
    teams = [
        {"name": "web", "valid_to": date(2026, 6, 30)},
        {"name": "web", "valid_from": date(2026, 7, 1), "working_hours": ["08:00", "12:00"]},
    ]
    found = calendars(settings(teams=teams), END)
    assert [(each.name, each.valid_from) for each in found] == [
        ("default", None),
        ("web", None),
        ("web", date(2026, 7, 1)),
    ]


def test_reporting_days_join_without_gap_whatever_the_clock_does() -> None:
    days = list(reporting_days(BERLIN, END))
    assert all(one["ends_at"] == other["starts_at"] for one, other in pairwise(days))
    lengths = {day["date_day"]: day["ends_at"] - day["starts_at"] for day in days}
    assert lengths[date(2026, 3, 29)] == timedelta(hours=23)
    assert lengths[date(2026, 10, 25)] == timedelta(hours=25)
    assert lengths[date(2026, 11, 23)] == timedelta(hours=24)


def test_a_day_without_midnight_begins_when_the_clock_jumps() -> None:
    days = {day["date_day"]: day for day in reporting_days(ZoneInfo("Asia/Beirut"), END)}
    assert days[date(2022, 3, 27)]["starts_at"] == at("2022-03-26T22:00")
    assert days[date(2022, 3, 26)]["ends_at"] == at("2022-03-26T22:00")


@pytest.mark.parametrize(
    ("day", "week_start", "iso_week"),
    [
        (date(2026, 11, 23), date(2026, 11, 23), "2026-W48"),
        (date(2021, 1, 3), date(2020, 12, 28), "2020-W53"),
        (date(2024, 12, 30), date(2024, 12, 30), "2025-W01"),
    ],
)
def test_days_know_their_iso_week(day: date, week_start: date, iso_week: str) -> None:
    row = next(row for row in reporting_days(BERLIN, END) if row["date_day"] == day)
    assert (row["week_start"], row["iso_week"]) == (week_start, iso_week)

"""What a run has to build, by the rule of `as_of`."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from orchestration.due import default_as_of, what_is_due
from orchestration.ledger import PARTS, Build, Ledger
from orchestration.times import reporting_day, start_of_day

BERLIN = "Europe/Berlin"
LOADED = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
TODAY = date(2026, 11, 20)
TOMORROW = date(2026, 11, 21)


def built(**changes: Any) -> Ledger:
    build = Build(
        run="r1",
        generation=3,
        scope="all",
        as_of=LOADED,
        is_as_of_fixed=False,
        reporting_day=TODAY,
        models="m1",
    ).model_copy(update=changes)
    return Ledger(generation=3, loaded_at=LOADED, build=build, published=build)


def due(ledger: Ledger, day: date = TODAY, models: str = "m1", as_of: datetime | None = None) -> str | None:
    found = what_is_due(ledger, day=day, zone=BERLIN, models=models, fixed_as_of=as_of)
    return found and found.scope


def test_nothing_is_due_within_a_day_when_nothing_changed() -> None:
    assert due(built()) is None


def test_everything_is_due_before_the_first_publication() -> None:
    assert due(Ledger()) == "all"


def test_a_new_reporting_day_needs_only_what_depends_on_the_clock() -> None:
    assert due(built(), TOMORROW) == "clock"


def test_everything_is_due_when_raw_data_changed_even_on_a_new_day() -> None:
    ledger = built()
    ledger.record_change(LOADED)
    assert due(ledger) == "all"
    assert due(ledger, TOMORROW) == "all"


def test_everything_is_due_when_the_models_changed() -> None:
    assert due(built(), models="m2") == "all"


def test_a_build_that_did_not_finish_is_due_again() -> None:
    ledger = built()
    ledger.begin_build(built(run="r2", scope="all").published)  # type: ignore[arg-type]
    assert due(ledger) == "all"


def test_a_clock_build_that_touched_tables_is_made_good_by_a_whole_one() -> None:
    ledger = built()
    assert ledger.published is not None
    ledger.begin_build(ledger.published.model_copy(update={"run": "r2", "scope": "clock"}))
    assert ledger.unverified == PARTS["clock"]
    assert due(ledger) == "all"


def test_tables_touched_outside_of_a_build_are_built_again() -> None:
    ledger = built()
    ledger.unverified.add("marts")
    assert due(ledger) == "all"


def test_a_fixed_instant_is_built_once_and_left_again_without_it() -> None:
    fixed = datetime(2026, 11, 1, tzinfo=UTC)
    assert due(built(), as_of=fixed) == "all"
    at_fixed = built(as_of=fixed, is_as_of_fixed=True)
    assert due(at_fixed, as_of=fixed) is None
    assert due(at_fixed) == "all"


def test_as_of_is_the_start_of_the_last_loading_run_or_of_the_reporting_day_if_later() -> None:
    ledger = built()
    assert default_as_of(ledger, TODAY, BERLIN) == LOADED
    assert default_as_of(ledger, TOMORROW, BERLIN) == datetime(2026, 11, 20, 23, tzinfo=UTC)


def test_days_are_those_of_the_reporting_time_zone_across_its_change_of_clocks() -> None:
    assert reporting_day(datetime(2026, 10, 24, 22, 30, tzinfo=UTC), BERLIN) == date(2026, 10, 25)
    assert start_of_day(date(2026, 10, 25), BERLIN) == datetime(2026, 10, 24, 22, tzinfo=UTC)
    assert start_of_day(date(2026, 10, 26), BERLIN) == datetime(2026, 10, 25, 23, tzinfo=UTC)


def test_a_load_that_did_not_end_counts_as_a_change_when_the_next_one_does() -> None:
    ledger = Ledger()
    ledger.begin_load("one", LOADED)
    later = LOADED.replace(hour=11)
    ledger.begin_load("one", later)
    assert ledger.end_load("one", later, is_changed=False)
    assert (ledger.generation, ledger.loaded_at, ledger.loading) == (1, later, {})
    ledger.begin_load("one", later)
    assert not ledger.end_load("one", later, is_changed=False)
    assert ledger.generation == 1


def test_the_ledger_survives_writing_and_an_unreadable_one_means_that_all_is_due(tmp_path: Path) -> None:
    path = tmp_path / "ledger.json"
    ledger = built()
    ledger.write(path)
    assert Ledger.read(path) == ledger
    path.write_text("{", encoding="utf-8")
    assert due(Ledger.read(path)) == "all"


@pytest.mark.parametrize("scope", PARTS)
def test_a_build_begins_with_all_that_it_makes_unverified(scope: Any) -> None:
    ledger = built()
    assert ledger.published is not None
    ledger.begin_build(ledger.published.model_copy(update={"run": "r2", "scope": scope}))
    assert {"raw checks", "canonical checks", "marts checks", "marts"} <= ledger.unverified

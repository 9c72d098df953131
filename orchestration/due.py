"""What a run has to build, decided from the ledger alone: nothing, what depends on the clock, or everything.

This is the rule of `as_of` and nothing else, as pure functions, so that a run with nothing to do can
end without having loaded any of the libraries that would do it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from orchestration.ledger import Build, Ledger, Scope
from orchestration.times import start_of_day


@dataclass(frozen=True)
class Due:
    """A build that has to be made, and why."""

    scope: Scope
    reason: str


def default_as_of(ledger: Ledger, day: date, zone: str) -> datetime:
    """Start of the last run that loaded anything, or of the reporting day if that is later; UTC."""
    midnight = start_of_day(day, zone)
    return max(midnight, ledger.loaded_at or midnight)


def what_is_due(
    ledger: Ledger, *, day: date, zone: str, models: str, fixed_as_of: datetime | None = None
) -> Due | None:
    """The build that is due on reporting day `day`; None where what is published is what would be built.

    Args:
        ledger: state of the warehouse.
        day: the present reporting day.
        zone: reporting time zone.
        models: fingerprint of the dbt project as it would be built now.
        fixed_as_of: the instant that the user wants, if any.
    """
    published = ledger.published
    if published is None:
        return Due("all", "nothing is published yet")
    reason = _changed(ledger, published, models)
    if reason:
        return Due("all", reason)
    as_of = fixed_as_of or default_as_of(ledger, day, zone)
    if published.as_of != as_of and (fixed_as_of or published.is_as_of_fixed):
        return Due("all", "the instant to report on changed")
    if ledger.build and ledger.build != published:
        return Due("all" if ledger.unverified else ledger.build.scope, "the last build did not finish")
    if published.reporting_day != day and published.as_of != as_of:
        return Due("clock", "a new reporting day began")
    return None


def _changed(ledger: Ledger, published: Build, models: str) -> str:
    if ledger.generation != published.generation:
        return "raw data changed"
    if ledger.unverified and ledger.build == published:
        return "tables were rebuilt outside of a build"
    if published.models != models:
        return "the models changed"
    return ""

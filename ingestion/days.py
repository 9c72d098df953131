"""Which days a walk reads of a source that is asked by UTC day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, timedelta

from ingestion.connector import Extraction


def days_to_read(
    extraction: Extraction, *, resumed: date | None, earliest: date, newest: date
) -> Iterator[date]:
    """The days to read, oldest first; only those that a walk left open may lie before `earliest`.

    Args:
        extraction: may name days, or the instant to read again from, which leaves out none that is due.
        resumed: day from which a walk goes on; None for the first one.
        earliest: first day that the source and the settings allow.
        newest: last day that the source has.
    """
    first, last = earliest, newest
    if extraction.since is not None:
        first = max(extraction.since.astimezone(UTC).date(), earliest)
    if resumed is not None:
        first = resumed if extraction.since is None else min(resumed, first)
    if extraction.days is not None:
        first, last = max(extraction.days[0], earliest), min(extraction.days[1], newest)
    yield from (first + timedelta(days=number) for number in range((last - first).days + 1))

"""Which days a walk reads of a source that is asked by UTC day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, timedelta

from ingestion.connector import Extraction


def days_to_read(
    extraction: Extraction, *, resumed: date | None, earliest: date, newest: date
) -> Iterator[date]:
    """The days to read, oldest first, none of them before `earliest` or after `newest`.

    Args:
        extraction: may name days, or the instant to read again from.
        resumed: day from which a walk goes on that is told neither; None for the first one.
        earliest: first day that the source and the settings allow.
        newest: last day that the source has.
    """
    first, last = resumed or earliest, newest
    if extraction.since is not None:
        first = extraction.since.astimezone(UTC).date()
    if extraction.days is not None:
        first, last = extraction.days
    first, last = max(first, earliest), min(last, newest)
    yield from (first + timedelta(days=number) for number in range((last - first).days + 1))

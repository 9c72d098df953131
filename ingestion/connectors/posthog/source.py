"""The walk over a project: flags and their log first, then the intervals of the export."""

from __future__ import annotations

from collections.abc import Iterator

from ingestion.connector import Extraction, FilePage, Page
from ingestion.connectors.posthog.exports import event_pages
from ingestion.connectors.posthog.flags import flag_pages


def extract(extraction: Extraction) -> Iterator[Page | FilePage]:
    """All pages of a connection."""
    if extraction.days is None:
        yield from flag_pages(extraction)
    yield from event_pages(extraction)

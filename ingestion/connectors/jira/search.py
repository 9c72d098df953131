"""How issues are found: bounded JQL, its minutes in the profile's zone, and pages that must bring something.

Searches are ordered by creation, not by update: an issue that is updated while the list is read would move to
its end, and shift the ones behind it past the reader.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from ingestion.connector import Extraction
from ingestion.http import MalformedResponseError

Payload = dict[str, Any]

SEARCH = "/rest/api/3/search/jql"
OVERLAP = timedelta(hours=2)
"""Re-read before each cursor: an hour for the index, which lags, and one that zones repeat each autumn."""

ISSUES_AT_ONCE = 100
IDS_AT_ONCE = 5000
MOST_STALE_PAGES = 10
"""Pages in a row without an issue that is new to the walk; shifting lists repeat one or two."""


def changed_since(project: str, since: datetime | None, zone: ZoneInfo | None) -> str:
    """JQL of a project's issues, or of those that changed since an instant, to the minute before it."""
    where = f'project = "{project}"'
    if since is not None:
        where += f' AND updated >= "{since.astimezone(zone):%Y-%m-%d %H:%M}"'
    return where


def with_ids(ids: Sequence[str]) -> str:
    """JQL of some issues."""
    return f"id in ({', '.join(ids)})"


def found(
    extraction: Extraction, jql: str, fields: Sequence[str], order: Literal["ASC", "DESC"] = "ASC"
) -> Iterator[list[Payload]]:
    """Pages of the issues that a search finds.

    Raises:
        MalformedResponseError: page follows page and none brings an issue that is new to this walk.
        HttpError: the search is refused.
    """
    from ingestion.connectors.jira.paging import TokenPaginator

    body = {
        "jql": f"{jql} ORDER BY created {order}",
        "fields": list(fields),
        "maxResults": ISSUES_AT_ONCE if tuple(fields) != ("id",) else IDS_AT_ONCE,
    }
    pages = extraction.http.pages(
        SEARCH, method="POST", body=body, select="issues", paging=TokenPaginator(), kind="search"
    )
    seen: set[str] = set()
    stale = 0
    for page in pages:
        ids = {str(issue.get("id")) for issue in page}
        stale = 0 if ids - seen else stale + 1
        if stale > MOST_STALE_PAGES:
            raise MalformedResponseError(f"{stale} pages of a search in a row brought no new issue: {jql}")
        seen |= ids
        yield list(page)


def profile_zone(extraction: Extraction) -> ZoneInfo:
    """The zone in which Jira reads the dates of this token's searches.

    Raises:
        HttpError: the token may not see its own profile, and the settings do not name the zone.
    """
    named = extraction.settings.time_zone or extraction.http.get_json("/rest/api/3/myself")["timeZone"]
    return ZoneInfo(named)

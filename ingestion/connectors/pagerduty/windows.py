"""Lists of things created between two instants, within PagerDuty's limits.

A list covers at most six months and its first 10,000 rows; what lies beyond is refused or cut. So time is cut
into windows, and a window that holds more is halved until it fits. Zones are always said: the default is the
account's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from ingestion.http import HttpClient, MalformedResponseError

Payload = dict[str, Any]

PAGE_SIZE = 100
LARGEST_LIST = 10_000
LONGEST_WINDOW = timedelta(days=180)
"""Six months are 181 days at least; the rest is slack for what PagerDuty takes a month to be."""

_SHORTEST_WINDOW = timedelta(seconds=1)


def created_between(
    http: HttpClient, kind: str, since: datetime, until: datetime, params: Mapping[str, Any]
) -> Iterator[list[Payload]]:
    """Pages of all rows of a kind (`incidents`, `log_entries`) that were created in [since, until).

    Raises:
        MalformedResponseError: a page of another form, or more rows in one second than a list may hold.
        HttpError: what can go wrong with any request.
    """
    start = since
    while start < until:
        end = min(start + LONGEST_WINDOW, until)
        yield from _window(http, kind, start, end, params)
        start = end


def listed(
    http: HttpClient, kind: str, params: Mapping[str, Any], first: Payload | None = None
) -> Iterator[list[Payload]]:
    """Pages of a list from its first page on, or after the one given."""
    offset = 0
    page = first or asked(http, kind, params, offset)
    while True:
        yield page[kind]
        offset += PAGE_SIZE
        if not page["more"]:
            return
        if offset + PAGE_SIZE > LARGEST_LIST:
            raise MalformedResponseError(
                f"/{kind} holds more than {LARGEST_LIST:,} rows, which it cannot list"
            )
        page = asked(http, kind, params, offset)


def asked(http: HttpClient, kind: str, params: Mapping[str, Any], offset: int) -> Payload:
    """One page of a list, with its paging.

    Raises:
        MalformedResponseError: it is none.
    """
    page = http.get_json(f"/{kind}", {**params, "limit": PAGE_SIZE, "offset": offset})
    if (
        not isinstance(page, dict)
        or not isinstance(page.get(kind), list)
        or not isinstance(page.get("more"), bool)
    ):
        raise MalformedResponseError(f"/{kind} answered without its list and whether there is more")
    return page


def _window(
    http: HttpClient, kind: str, since: datetime, until: datetime, params: Mapping[str, Any]
) -> Iterator[list[Payload]]:
    bounds = {**params, "since": _text(since), "until": _text(until), "time_zone": "UTC"}
    first = asked(http, kind, {**bounds, "total": "true"}, 0)
    if (first.get("total") or 0) <= LARGEST_LIST:
        yield from listed(http, kind, bounds, first)
        return
    middle = (since + (until - since) / 2).replace(microsecond=0)
    if middle - since < _SHORTEST_WINDOW:
        raise MalformedResponseError(
            f"/{kind} holds over {LARGEST_LIST:,} rows of one second, {_text(since)}"
        )
    yield from _window(http, kind, since, middle, params)
    yield from _window(http, kind, middle, until, params)


def _text(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

"""PagerDuty's lists, within its limits.

A list covers at most six months and its first 10,000 rows; what lies beyond is refused or cut. So time is cut
into windows, and a window that holds more is halved until it fits. Zones are always said: the default is the
account's.
"""

from __future__ import annotations

from collections import Counter
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


class Lists:
    """Lists of one walk.

    Attributes:
        totals: rows that PagerDuty says the lists hold which were read, by kind.
    """

    def __init__(self, http: HttpClient) -> None:
        self.totals: Counter[str] = Counter()
        self._http = http

    def all(self, kind: str) -> Iterator[list[Payload]]:
        """Pages of a list without a window (`users`, `services`).

        Raises:
            MalformedResponseError: a page of another form, or more rows than a list may hold.
            HttpError: what can go wrong with any request.
        """
        yield from self._pages(kind, {}, self._asked(kind, {"total": "true"}))

    def created_between(
        self, kind: str, since: datetime, until: datetime, params: Mapping[str, Any]
    ) -> Iterator[list[Payload]]:
        """Pages of all rows of a kind (`incidents`, `log_entries`) that were created in [since, until).

        Raises:
            MalformedResponseError: a page of another form, or more rows in one second than a list may hold.
            HttpError: what can go wrong with any request.
        """
        start = since
        while start < until:
            end = min(start + LONGEST_WINDOW, until)
            yield from self._window(kind, start, end, params)
            start = end

    def _window(
        self, kind: str, since: datetime, until: datetime, params: Mapping[str, Any]
    ) -> Iterator[list[Payload]]:
        bounds = {**params, "since": _text(since), "until": _text(until), "time_zone": "UTC"}
        first = self._asked(kind, {**bounds, "total": "true"})
        if (first.get("total") or 0) <= LARGEST_LIST:
            yield from self._pages(kind, bounds, first)
            return
        middle = (since + (until - since) / 2).replace(microsecond=0)
        if middle - since < _SHORTEST_WINDOW:
            raise MalformedResponseError(
                f"/{kind} holds over {LARGEST_LIST:,} rows of one second, {_text(since)}"
            )
        yield from self._window(kind, since, middle, params)
        yield from self._window(kind, middle, until, params)

    def _pages(self, kind: str, params: Mapping[str, Any], first: Payload) -> Iterator[list[Payload]]:
        """The first page and those that follow it."""
        self.totals[kind] += first.get("total") or 0
        offset, page = 0, first
        while True:
            yield page[kind]
            if not page["more"] or first.get("total") == 0:
                return
            if not page[kind]:
                raise MalformedResponseError(f"/{kind} gives none after {offset:,} rows, and promises more")
            # A page may be shorter than asked for; what it holds is where the next one starts.
            offset += min(len(page[kind]), PAGE_SIZE)
            if offset + PAGE_SIZE > LARGEST_LIST:
                raise MalformedResponseError(f"/{kind} ends after {offset:,} rows although there are more")
            page = self._asked(kind, params, offset)

    def _asked(self, kind: str, params: Mapping[str, Any], offset: int = 0) -> Payload:
        page = self._http.get_json(f"/{kind}", {**params, "limit": PAGE_SIZE, "offset": offset})
        found = page if isinstance(page, dict) else {}
        if not isinstance(found.get(kind), list) or not isinstance(found.get("more"), bool):
            raise MalformedResponseError(f"/{kind} answered without its list and whether there is more")
        return found


def _text(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

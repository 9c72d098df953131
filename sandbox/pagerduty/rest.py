"""PagerDuty's REST endpoints: lists by window and offset, and single things."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.calendar import DAY, instant
from sandbox.http import Request
from sandbox.pagerduty import payloads
from sandbox.vendor import Scene

DEFAULT_PAGE = 25
LARGEST_PAGE = 100
LARGEST_LIST = 10_000
LONGEST_WINDOW = 184 * DAY
DEFAULT_WINDOW = 30 * DAY
ACCOUNT_ZONE = "America/Los_Angeles"
"""The zone in which times without an offset are read, unless the request says another."""

Payload = dict[str, Any]


class NotFoundError(LookupError):
    """What is asked for does not exist, or not yet."""


def answer(request: Request, scene: Scene, overlap: int = 0) -> Payload:
    """Answer a GET; with `overlap` a page begins with the last items before it.

    Raises:
        NotFoundError: there is no such path or thing.
        ValueError: a parameter is out of range.
    """
    parts = request.path.strip("/").split("/")
    lists: dict[str, Callable[[], list[Payload]]] = {
        "incidents": lambda: _incidents(request, scene),
        "log_entries": lambda: _entries(request, scene),
        "services": lambda: payloads.services(scene),
        "users": lambda: payloads.users(scene),
    }
    if request.method != "GET" or parts[0] not in lists:
        raise NotFoundError
    if len(parts) == 1:
        return _page(request, parts[0], lists[parts[0]](), overlap)
    if parts[0] == "incidents" and parts[2:] == ["log_entries"]:
        entries = [each for each in payloads.log_entries(scene) if each["incident"]["id"] == parts[1]]
        return _page(request, "log_entries", entries, overlap)
    things = payloads.incidents(scene) if parts[0] == "incidents" else lists[parts[0]]()
    found = [thing for thing in things if thing["id"] == parts[1]]
    if not found or parts[2:]:
        raise NotFoundError
    return {parts[0].replace("entries", "entry").removesuffix("s"): found[0]}


def _incidents(request: Request, scene: Scene) -> list[Payload]:
    rows = _within(request, scene, payloads.incidents(scene))
    wanted: dict[str, Callable[[Payload], str]] = {
        "statuses[]": lambda row: row["status"],
        "service_ids[]": lambda row: row["service"]["id"],
    }
    for parameter, value in wanted.items():
        if parameter in request.query:
            rows = [row for row in rows if value(row) == request.query[parameter]]
    return rows


def _entries(request: Request, scene: Scene) -> list[Payload]:
    rows = _within(request, scene, payloads.log_entries(scene))[::-1]
    if request.query.get("is_overview") == "true":
        rows = [row for row in rows if row["type"] != "notify_log_entry"]
    return rows


def _within(request: Request, scene: Scene, rows: Sequence[Payload]) -> list[Payload]:
    """The rows that were created in the window asked for, the last month by default."""
    query = request.query
    if query.get("date_range") == "all":
        return list(rows)
    zone = ZoneInfo(query.get("time_zone", ACCOUNT_ZONE))
    until = _instant(query["until"], zone) if "until" in query else scene.clock.now + 1
    since = _instant(query["since"], zone) if "since" in query else until - DEFAULT_WINDOW
    if until - since > LONGEST_WINDOW:
        raise ValueError("The time range cannot exceed 6 months.")
    return [row for row in rows if since <= _instant(row["created_at"], zone) < until]


def _instant(text: str, zone: ZoneInfo) -> int:
    at = datetime.fromisoformat(text)
    return instant(at if at.tzinfo else at.replace(tzinfo=zone).astimezone(UTC))


def _page(request: Request, kind: str, rows: Sequence[Payload], overlap: int) -> Payload:
    limit = min(int(request.query.get("limit", DEFAULT_PAGE)), LARGEST_PAGE)
    offset = int(request.query.get("offset", 0))
    if offset + limit > LARGEST_LIST:
        raise ValueError("Offset plus limit must not be greater than 10000.")
    return {
        kind: rows[max(0, offset - overlap) : offset + limit],
        "limit": limit,
        "offset": offset,
        "more": offset + limit < len(rows),
        "total": len(rows) if request.query.get("total") == "true" else None,
    }


def drifted(content: Payload) -> Payload:
    """Change the shape of the first object of a list: a new field, and a time that is none."""
    rows = next((value for value in content.values() if isinstance(value, list)), [])
    changed = [{**row, "introduced_yesterday": {"nested": [1]}, "created_at": "soon"} for row in rows[:1]]
    return {name: [*changed, *rows[1:]] if value is rows else value for name, value in content.items()}

"""The walk over an organisation's days: one request for each UTC day and page of it.

A day is told an hour late at most, so that the last day seen and the one before it are read again. What is
told of a day replaces what was known of it; of a day that is told nothing of, what was known stays.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, timedelta
from typing import Any

from ingestion.connector import Extraction, Page
from ingestion.days import days_to_read

Payload = dict[str, Any]

PATH = "/v1/organizations/usage_report/claude_code"
PAGE_SIZE = 1000
_OPEN_DAYS = timedelta(days=2)
_DAY = timedelta(days=1)
_USD = "USD"


def extract(extraction: Extraction) -> Iterator[Page]:
    """Pages of each day that is new or not final yet; the cursor is the last day that had any use."""
    today = extraction.started_at.astimezone(UTC).date()
    cursor: str | None = extraction.state.get("day")
    earliest = today - timedelta(days=extraction.settings.history_days)
    resumed = date.fromisoformat(cursor) - _OPEN_DAYS + _DAY if cursor else None
    for day in days_to_read(extraction, resumed=resumed, earliest=earliest, newest=today):
        reported = list(_records(extraction, day))
        if reported:
            yield from _day_pages(extraction, day, reported)
            cursor = max(cursor or "", day.isoformat())
        extraction.read_day("usage_days", day, len(reported))
    extraction.state["day"] = cursor


def _day_pages(extraction: Extraction, day: date, reported: list[Payload]) -> Iterator[Page]:
    actors = [_actor(extraction, record["actor"]) for record in reported]
    rows = [_row(day, actor["id"], record) for actor, record in zip(actors, reported, strict=True)]
    yield Page("actors", actors)
    yield Page("usage_days", rows, [(day,)])


def _records(extraction: Extraction, day: date) -> Iterator[Payload]:
    """The records of a day, page after page."""
    from dlt.sources.helpers.rest_client.paginators import JSONResponseCursorPaginator

    paging = JSONResponseCursorPaginator(cursor_path="next_page", cursor_param="page")
    params = {"starting_at": day.isoformat(), "limit": PAGE_SIZE}
    for page in extraction.http.pages(PATH, params, select="data", paging=paging):
        yield from page


def _actor(extraction: Extraction, actor: Payload) -> Payload:
    """The row of a person or an API key; the address itself goes no further."""
    name = actor.get("api_key_name")
    hashed = extraction.hash_email(actor.get("email_address"))
    return {
        "id": hashed if hashed else f"api_key:{name}",
        "type": actor["type"],
        "email_hash": hashed,
        "api_key_name": name,
    }


def _row(day: date, actor_id: str, record: Payload) -> Payload:
    core = record["core_metrics"]
    lines = core.get("lines_of_code") or {}
    tools = [tool for tool in (record.get("tool_actions") or {}).values() if isinstance(tool, dict)]
    return {
        "day": day,
        "actor_id": actor_id,
        "terminal_type": record.get("terminal_type") or "",
        "customer_type": record.get("customer_type") or "",
        "subscription_type": record.get("subscription_type") or "",
        "session_count": core.get("num_sessions"),
        "added_line_count": lines.get("added"),
        "removed_line_count": lines.get("removed"),
        "commit_count": core.get("commits_by_claude_code"),
        "pull_request_count": core.get("pull_requests_by_claude_code"),
        "accepted_edit_count": sum(tool["accepted"] for tool in tools),
        "rejected_edit_count": sum(tool["rejected"] for tool in tools),
        "cost_usd_cents": _cost(record.get("model_breakdown") or []),
    }


def _cost(models: list[Payload]) -> float | None:
    """US cents of all models; None where a cost is told in another currency."""
    costs = [model["estimated_cost"] for model in models]
    if any(cost["currency"] != _USD for cost in costs):
        return None
    return float(sum(cost["amount"] for cost in costs))

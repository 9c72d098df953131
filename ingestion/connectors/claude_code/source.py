"""The walk over an organisation's days: one request for each UTC day and page of it.

A day is told an hour late at most, so that the day of the last walk and the one before it are read again, and
no other. Which day it is says the answer: by a clock here that is ahead, days would be final that have not
been. What is told of a day replaces what was known of it; of a day that is told nothing of, what was known
stays.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, timedelta
from typing import TYPE_CHECKING, Any

from ingestion.connector import Extraction, Page
from ingestion.days import days_to_read
from ingestion.rate_limits import answered_at

if TYPE_CHECKING:
    from dlt.sources.helpers.rest_client.client import PageData

Payload = dict[str, Any]

PATH = "/v1/organizations/usage_report/claude_code"
PAGE_SIZE = 1000
_OPEN_DAYS = timedelta(days=2)
_DAY = timedelta(days=1)
_USD = "USD"


def extract(extraction: Extraction) -> Iterator[Page]:
    """Pages of each day that is new or not final yet; the cursor is the day of the walk."""
    today = extraction.started_at.astimezone(UTC).date()
    cursor: str | None = extraction.state.get("day")
    earliest = today - timedelta(days=extraction.settings.history_days)
    resumed = date.fromisoformat(cursor) - _OPEN_DAYS + _DAY if cursor else None
    for day in days_to_read(extraction, resumed=resumed, earliest=earliest, newest=today):
        reported: list[Payload] = []
        for page in _answers(extraction, day):
            reported += page
            today = min(today, answered_at(page.response.headers).astimezone(UTC).date())
        if reported:
            yield from _day_pages(extraction, day, reported)
        if day >= today:
            break
        extraction.read_day("usage_days", day, len(reported))
    extraction.state["day"] = max(cursor or "", today.isoformat())


def _day_pages(extraction: Extraction, day: date, reported: list[Payload]) -> Iterator[Page]:
    actors = [_actor(extraction, record["actor"]) for record in reported]
    rows = [_row(day, actor["id"], record) for actor, record in zip(actors, reported, strict=True)]
    yield Page("actors", actors)
    yield Page("usage_days", rows, [(day,)])


def _answers(extraction: Extraction, day: date) -> Iterator[PageData[Payload]]:
    """The records of a day, page after page."""
    from dlt.sources.helpers.rest_client.paginators import JSONResponseCursorPaginator

    paging = JSONResponseCursorPaginator(cursor_path="next_page", cursor_param="page")
    params = {"starting_at": day.isoformat(), "limit": PAGE_SIZE}
    yield from extraction.http.pages(PATH, params, select="data", paging=paging)


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

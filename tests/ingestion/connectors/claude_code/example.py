"""A small Claude Code for the conformance suite: three days, of which the vendor forgets the first."""

from __future__ import annotations

from typing import Any

from ingestion.conformance import Example, Listing, Request, Response, State, Surface
from ingestion.connectors.claude_code import CONNECTOR
from ingestion.connectors.claude_code.source import PATH

KEY = "the-admin-key-of-acme"
Payload = dict[str, Any]


def record(day: str, number: int, sessions: int = 1) -> Payload:
    """An actor's day."""
    return {
        "date": f"{day}T00:00:00Z",
        "actor": {"type": "user_actor", "email_address": f"user{number}@acme.example"},
        "customer_type": "api",
        "terminal_type": "vscode",
        "core_metrics": {
            "num_sessions": sessions,
            "lines_of_code": {"added": 10 * number, "removed": number},
            "commits_by_claude_code": 1,
            "pull_requests_by_claude_code": 0,
        },
        "tool_actions": {"edit_tool": {"accepted": 2, "rejected": 1}},
        "model_breakdown": [{"model": "a", "estimated_cost": {"currency": "USD", "amount": 7 * number}}],
    }


FORGOTTEN = [record("2026-01-31", number) for number in (1, 2)]
FIRST = [*FORGOTTEN, *(record("2026-02-01", number) for number in (1, 2, 3, 4))]
LATER = [*FIRST[:-1], record("2026-02-01", 4, sessions=2), record("2026-02-02", 5)]
PRUNED = LATER[len(FORGOTTEN) :]


def surface(state: State) -> Surface:
    """The analytics."""
    records = {"first": FIRST, "later": LATER, "pruned": PRUNED}[state]

    def answer(request: Request) -> Response:
        if request.headers.get("x-api-key") != KEY:
            return Response.of_json({"type": "error", "error": {"type": "authentication_error"}}, 401)
        if request.path != PATH:
            return Response.of_json({"type": "error", "error": {"type": "not_found_error"}}, 404)
        day = request.query["starting_at"]
        listed = [each for each in records if each["date"].startswith(day)]
        paged = Listing(listed, at="data", paging="token", next="next_page", parameter="page", size="limit")
        return paged.answer(request)

    return answer


EXAMPLE = Example(
    connector=CONNECTOR,
    connection={"api_key": KEY, "history_days": 6},
    rows={"actors": 4, "usage_days": 6},
    surface=surface,
    drift={"usage_days": "core_metrics.num_sessions"},
)

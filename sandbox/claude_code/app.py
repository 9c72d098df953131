"""Anthropic's usage report of Claude Code: who may ask, what goes wrong on purpose, and the days."""

import base64
from datetime import UTC, date, datetime
from email.utils import format_datetime
from http import HTTPStatus
from threading import Lock
from typing import Any

from sandbox.assistants import Usage, usage_of
from sandbox.calendar import instant, isoformat, moment
from sandbox.clock import Clock
from sandbox.faults import Fault, Faults, through
from sandbox.history import History
from sandbox.http import Request, Response
from sandbox.vendor import Scene

TOOL = "claude_code"
PATH = "/v1/organizations/usage_report/claude_code"
ORGANISATION = "00000000-0000-4000-8000-000000000001"
LARGEST_PAGE, DEFAULT_PAGE = 1000, 20
CENTS_PER_PROMPT = 7
TERMINALS = ("vscode", "iTerm.app")
ERRORS = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
}
FAULT_KINDS = {"401", "403", "429"}


class ClaudeCode:
    """The surface; `surface` is what the server calls."""

    def __init__(self, history: History, clock: Clock, token: str) -> None:
        self.faults = Faults(FAULT_KINDS)
        self._history = history
        self._clock = clock
        self._token = token
        self._known: tuple[int, dict[int, list[Usage]]] = (-1, {})
        self._lock = Lock()

    @classmethod
    def of(cls, scene: Scene) -> "ClaudeCode":
        """Make the surface of a scene."""
        return cls(scene.history, scene.clock, scene.token)

    def expire_tokens(self) -> None:
        """Admin keys are good until they are revoked."""

    def surface(self, request: Request) -> Response:
        """Answer a request."""
        fault = self.faults.striking(request)
        return through(fault, lambda: self._answer(request, fault))

    def _answer(self, request: Request, fault: Fault | None) -> Response:
        if fault and fault.kind.isdigit():
            return error(int(fault.kind))  # a refusal for haste names no time to wait
        if request.headers.get("x-api-key") != self._token:
            return error(HTTPStatus.UNAUTHORIZED)
        if request.path != PATH or request.method != "GET":
            return error(HTTPStatus.NOT_FOUND)
        return self._asked(request) or error(HTTPStatus.BAD_REQUEST)

    def _asked(self, request: Request) -> Response | None:
        """The page that is asked for, None where the question is none."""
        try:
            day = date.fromisoformat(request.query["starting_at"])
            limit = int(request.query.get("limit", DEFAULT_PAGE))
            first = int(base64.b64decode(request.query.get("page", "")) or 0)
        except (KeyError, ValueError):
            return None
        if not 1 <= limit <= LARGEST_PAGE or not request.headers.get("anthropic-version"):
            return None
        return self._page(day, first, limit)

    def _page(self, day: date, first: int, limit: int) -> Response:
        records = self._records(day)
        after = first + limit
        is_more = after < len(records)
        token = base64.b64encode(str(after).encode()).decode() if is_more else None
        content = {"data": records[first:after], "has_more": is_more, "next_page": token}
        date_now = format_datetime(moment(self._clock.now), usegmt=True)
        return Response.of_json(content, headers={"Date": date_now})

    def _records(self, day: date) -> list[dict[str, Any]]:
        with self._lock:
            self._clock.tick()
            if self._known[0] != self._clock.now:
                self._known = (self._clock.now, usage_of(self._history, TOOL, self._clock.now))
            days = self._known[1]
        start = instant(datetime(day.year, day.month, day.day, tzinfo=UTC))
        return [record(start, usage) for usage in days.get(start, ())]


def record(day: int, usage: Usage) -> dict[str, Any]:
    """An actor's day."""
    terminal = TERMINALS[usage.account.id % len(TERMINALS)]
    return {
        "date": isoformat(day),
        "actor": {"type": "user_actor", "email_address": usage.account.signature.email},
        "organization_id": ORGANISATION,
        "customer_type": "api",
        "terminal_type": terminal,
        "core_metrics": {
            "num_sessions": usage.sessions,
            "lines_of_code": {"added": usage.added, "removed": usage.removed},
            "commits_by_claude_code": usage.changes,
            "pull_requests_by_claude_code": 0,
        },
        "tool_actions": {
            "edit_tool": {"accepted": usage.accepted, "rejected": usage.proposed - usage.accepted},
            "multi_edit_tool": {"accepted": 0, "rejected": 0},
            "write_tool": {"accepted": 0, "rejected": 0},
            "notebook_edit_tool": {"accepted": 0, "rejected": 0},
        },
        "model_breakdown": [
            {
                "model": "claude-sonnet-4-5",
                "tokens": {
                    "input": usage.prompts * 4000,
                    "output": usage.prompts * 900,
                    "cache_read": usage.prompts * 20_000,
                    "cache_creation": usage.prompts * 1500,
                },
                "estimated_cost": {"currency": "USD", "amount": usage.prompts * CENTS_PER_PROMPT},
            }
        ],
    }


def error(status: int) -> Response:
    """Make an error in Anthropic's shape."""
    kind = ERRORS[int(status)]
    return Response.of_json(
        {"type": "error", "error": {"type": kind, "message": kind.replace("_", " ")}}, status
    )

"""A small Copilot for the conformance suite: three days, three seats, three tasks; a task is deleted."""

from __future__ import annotations

import json
from typing import Any

from ingestion.conformance import Example, Listing, Request, Response, State, Surface, rest
from ingestion.connectors.copilot import CONNECTOR

TOKEN = "the-token-of-an-owner"
REPORTS = "/orgs/acme/copilot/metrics/reports"
Payload = dict[str, Any]


def user(day: str, number: int, prompts: int = 3) -> Payload:
    """A person's day."""
    return {
        "day": day,
        "user_id": number,
        "user_login": f"user{number}",
        "user_initiated_interaction_count": prompts,
        "code_generation_activity_count": 2,
        "code_acceptance_activity_count": 1,
        "loc_added_sum": 10,
        "used_chat": True,
    }


def seat(number: int, plan: str = "business") -> Payload:
    """Somebody's seat."""
    return {
        "assignee": {"id": number, "login": f"user{number}"},
        "created_at": "2026-01-01T00:00:00Z",
        "last_activity_at": None,
        "plan_type": plan,
    }


def task(number: int, updated_at: str, state: str = "completed") -> Payload:
    """A task with its session and its pull request."""
    return {
        "id": f"t{number}",
        "name": f"Repair thing {number}",
        "creator": {"id": number},
        "repository": {"id": 10},
        "state": state,
        "artifacts": [{"provider": "github", "type": "pull", "data": {"id": 100 + number}}],
        "created_at": f"2026-01-2{number}T08:00:00Z",
        "updated_at": updated_at,
        "sessions": [
            {
                "id": f"s{number}",
                "state": state,
                "prompt": f"Repair thing {number}",
                "head_ref": f"copilot/repair-{number}",
                "model": "a",
                "created_at": f"2026-01-2{number}T08:00:00Z",
                "completed_at": updated_at,
            }
        ],
    }


DAYS = {
    "first": {"2026-01-29": [1, 2], "2026-01-30": [1, 2, 3]},
    "later": {"2026-01-29": [1, 2], "2026-01-30": [1, 2, 3], "2026-01-31": [1]},
    "pruned": {"2026-01-30": [1, 2, 3], "2026-01-31": [1]},
}
SEATS = [seat(number) for number in (1, 2, 3)]
TASKS = [task(number, f"2026-01-2{number}T09:00:00Z") for number in (1, 2, 3)]
LATER = [*TASKS[:2], task(3, "2026-02-01T06:02:00Z", "failed"), task(4, "2026-02-01T06:03:00Z")]


def surface(state: State) -> Surface:
    """Copilot's part of GitHub's API, and the reports."""
    days: dict[str, list[int]] = DAYS[state]
    tasks = {"first": TASKS, "later": LATER, "pruned": LATER[1:]}[state]
    listed = [{key: each[key] for key in each if key != "sessions"} for each in tasks]

    def tasks_of(request: Request) -> Any:
        shown = [] if request.query.get("is_archived") == "true" else listed
        return Listing(shown, at="tasks", since={"since": "updated_at"}).answer(request)

    def report(request: Request) -> Response:
        day = request.query["day"]
        if day not in days:
            return Response(204)
        link = f"{request.origin}/reports/{day}.ndjson"
        return Response.of_json({"report_day": day, "download_links": [link]})

    api = rest(
        {
            f"{REPORTS}/users-28-day/latest": {"report_end_day": max(days), "download_links": []},
            f"{REPORTS}/users-1-day": report,
            "/orgs/acme/copilot/billing/seats": Listing(SEATS, at="seats", total="total_seats"),
            "/agents/repos/acme/shop/tasks": tasks_of,
            **{f"/agents/repos/acme/shop/tasks/{each['id']}": each for each in tasks},
        },
        token=TOKEN,
    )

    def answer(request: Request) -> Any:
        if not request.path.startswith("/reports/"):
            return api(request)
        day = request.path.removeprefix("/reports/").removesuffix(".ndjson")
        lines = [json.dumps(user(day, number)).encode() + b"\n" for number in days.get(day, ())]
        return Response(200, b"".join(lines), {"Content-Type": "application/x-ndjson"})

    return answer


EXAMPLE = Example(
    connector=CONNECTOR,
    connection={
        "token": TOKEN,
        "organization": "acme",
        "repositories": ["acme/shop"],
        "history_days": 5,
    },
    rows={"accounts": 3, "user_days": 5, "seats": 3, "agent_tasks": 3, "agent_task_sessions": 3},
    surface=surface,
    drift={"seats": "plan_type"},
    prose=frozenset({"name"}),
)

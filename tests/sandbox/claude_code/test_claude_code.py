"""Claude Code's analytics say what the sessions on record say, page after page."""

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import date
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from sandbox.calendar import moment
from sandbox.simulation import Simulation
from sandbox.vendor import TOKEN

PATH = "/v1/organizations/usage_report/claude_code"
HEADERS = {"x-api-key": TOKEN, "anthropic-version": "2023-06-01"}


def ask(client: Any, query: str, headers: dict[str, str] = HEADERS) -> tuple[int, Any, Any]:
    url = f"{client.sandbox.urls['claude_code']}{PATH}?{query}"
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=20) as answer:
            return answer.status, answer.headers, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, error.headers, json.loads(error.read())


@pytest.fixture(scope="module")
def days(simulation: Simulation) -> dict[date, list[Any]]:
    found: dict[date, list[Any]] = {}
    for session in simulation.history.sessions:
        if session.tool == "claude_code" and session.ended_at <= simulation.shown_end:
            found.setdefault(moment(session.at).date(), []).append(session)
    return found


def test_a_day_follows_from_the_sessions(standing: Any, days: dict[date, list[Any]]) -> None:
    for day, sessions in days.items():
        records = ask(standing, f"starting_at={day}&limit=1000")[2]["data"]
        told = {session.account.signature.email for session in sessions}
        assert {record["actor"]["email_address"] for record in records} == told
        assert sum(record["core_metrics"]["num_sessions"] for record in records) == len(sessions)
        assert {record["date"][:10] for record in records} == {day.isoformat()}


def test_pages_follow_one_another_to_the_end(standing: Any, days: dict[date, list[Any]]) -> None:
    day = max(days, key=lambda each: len({session.account.id for session in days[each]}))
    seen, query = [], f"starting_at={day}&limit=1"
    while query:
        content = ask(standing, query)[2]
        seen += content["data"]
        assert content["has_more"] == (content["next_page"] is not None)
        query = f"starting_at={day}&limit=1&page={content['next_page']}" if content["has_more"] else ""
    assert len(seen) > 1
    assert seen == ask(standing, f"starting_at={day}&limit=1000")[2]["data"]


@pytest.mark.parametrize(
    ("query", "headers", "status"),
    [
        ("starting_at=2026-05-04", {**HEADERS, "x-api-key": "wrong"}, 401),
        ("starting_at=2026-05-04", {"x-api-key": TOKEN}, 400),
        ("starting_at=yesterday", HEADERS, 400),
        ("starting_at=2026-05-04&limit=5000", HEADERS, 400),
    ],
)
def test_a_wrong_question_is_refused(standing: Any, query: str, headers: dict[str, str], status: int) -> None:
    found, _, content = ask(standing, query, headers)
    assert (found, content["type"]) == (status, "error")


def test_an_answer_tells_the_day_of_the_sandbox(standing: Any, simulation: Simulation) -> None:
    headers = ask(standing, "starting_at=2026-05-04")[1]
    assert parsedate_to_datetime(headers["Date"]) >= moment(simulation.shown_end)
    assert headers.get_all("Date") == [headers["Date"]]
    assert abs(parsedate_to_datetime(headers["Date"]) - moment(simulation.shown_end)).days == 0


def test_a_refusal_for_haste_names_no_time(serve: Callable[..., Any]) -> None:
    client = serve(vendor_names=["claude_code"])
    assert client.order(faults=[{"kind": "429", "count": 1}]).status == 200
    status, headers, _ = ask(client, "starting_at=2026-05-04")
    assert (status, headers["Retry-After"]) == (429, None)
    assert ask(client, "starting_at=2026-05-04")[0] == 200

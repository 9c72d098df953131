"""Claude Code: days, pages, patience without a named time, and people as hashes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from support.http_server import Answer, Request, ScriptedServer

from ingestion.connector import Extraction
from ingestion.connectors.claude_code import CONNECTOR
from ingestion.connectors.claude_code.settings import ClaudeCodeSettings, client
from ingestion.connectors.claude_code.source import PATH
from ingestion.http import MalformedResponseError
from ingestion.identity import EmailHasher

Row = dict[str, Any]
DAY = timedelta(days=1)
TODAY = date(2026, 5, 12)
HASH = EmailHasher(b"key")


def record(actor: Row, **changes: Any) -> Row:
    return {
        "date": "2026-05-12T00:00:00Z",
        "actor": actor,
        "terminal_type": "vscode",
        "customer_type": "api",
        "core_metrics": {
            "num_sessions": 2,
            "lines_of_code": {"added": 30, "removed": 4},
            "commits_by_claude_code": 1,
            "pull_requests_by_claude_code": 1,
        },
        "tool_actions": {
            "edit_tool": {"accepted": 5, "rejected": 1},
            "write_tool": {"accepted": 2, "rejected": 0},
        },
        "model_breakdown": [
            {"model": "a", "estimated_cost": {"currency": "USD", "amount": 120}},
            {"model": "b", "estimated_cost": {"currency": "USD", "amount": 30.5}},
        ],
        **changes,
    }


def person(name: str) -> Row:
    return {"type": "user_actor", "email_address": f"{name}@acme.example"}


@dataclass
class FakeAnthropic:
    """Days with their records, on pages of two."""

    server: ScriptedServer
    days: dict[date, list[Row]] = field(default_factory=dict)
    state: Row = field(default_factory=dict)
    waited: list[float] = field(default_factory=list)
    told_at: datetime = datetime(2026, 5, 12, 6, tzinfo=UTC)
    history_days: int = 365

    def answer(self, asked: Request) -> Answer:
        found = self.days.get(date.fromisoformat(asked.query["starting_at"][0]), [])
        first = int(asked.query.get("page", ["p0"])[0].removeprefix("p"))
        following = f"p{first + 2}" if first + 2 < len(found) else None
        content = {"data": found[first : first + 2], "has_more": bool(following), "next_page": following}
        return Answer(content, headers={"Date": format_datetime(self.told_at, usegmt=True)})

    def extraction(self, since: datetime | None = None) -> Extraction:
        settings = ClaudeCodeSettings(
            name="acme-claude-code",
            connector="claude_code",
            base_url=self.server.url,
            api_key="s3cret",
            history_days=self.history_days,
        )
        self.server.requests.clear()
        return Extraction(
            settings=settings,
            http=client(settings, sleep=self.waited.append),
            state=self.state,
            started_at=datetime(2026, 5, 12, 6, tzinfo=UTC),
            workspace=Path(),
            hash_email=HASH,
            since=since,
        )

    def walk(self, since: datetime | None = None) -> list[Any]:
        self.server.script(PATH, self.answer)
        return list(CONNECTOR.extract(self.extraction(since)))

    def asked_days(self) -> list[date]:
        days = [date.fromisoformat(each.query["starting_at"][0]) for each in self.server.requests]
        return list(dict.fromkeys(days))


@pytest.fixture
def anthropic() -> Iterator[FakeAnthropic]:
    with ScriptedServer().running() as server:
        yield FakeAnthropic(server)


def rows(pages: list[Any], table: str) -> list[Row]:
    return [dict(row) for page in pages if page.table == table for row in page.rows]


def test_a_day_is_all_its_pages_and_one_page_of_ours(anthropic: FakeAnthropic) -> None:
    anthropic.days = {TODAY: [record(person(f"user{n}")) for n in range(5)]}
    pages = [
        page for page in anthropic.walk(since=datetime(2026, 5, 12, tzinfo=UTC)) if page.table != "actors"
    ]
    assert [(len(page.rows), page.parents) for page in pages] == [(5, [(TODAY,)])]
    assert len(anthropic.server.requests) == 3
    row = pages[0].rows[0]
    told = (
        row["session_count"],
        row["accepted_edit_count"],
        row["rejected_edit_count"],
        row["cost_usd_cents"],
    )
    assert told == (2, 7, 1, 150.5)


def test_people_are_hashes_and_keys_go_by_their_name(anthropic: FakeAnthropic) -> None:
    key = {"type": "api_actor", "api_key_name": "nightly"}
    anthropic.days = {TODAY: [record(person("Ann")), record(key, subscription_type=None)]}
    pages = anthropic.walk(since=datetime(2026, 5, 12, tzinfo=UTC))
    assert {(row["id"], row["email_hash"]) for row in rows(pages, "actors")} == {
        (HASH("ann@acme.example"), HASH("ann@acme.example")),
        ("api_key:nightly", None),
    }
    assert "@" not in str(pages)


def test_a_cost_in_another_currency_is_unknown(anthropic: FakeAnthropic) -> None:
    models = [{"model": "a", "estimated_cost": {"currency": "EUR", "amount": 120}}]
    anthropic.days = {TODAY: [record(person("ann"), model_breakdown=models)]}
    (row,) = rows(anthropic.walk(since=datetime(2026, 5, 12, tzinfo=UTC)), "usage_days")
    assert row["cost_usd_cents"] is None


def test_each_request_proves_itself_by_key_and_version(anthropic: FakeAnthropic) -> None:
    anthropic.walk(since=datetime(2026, 5, 12, tzinfo=UTC))
    headers = {name.lower(): value for name, value in anthropic.server.requests[0].headers.items()}
    assert (headers["x-api-key"], headers["anthropic-version"]) == ("s3cret", "2023-06-01")
    assert "authorization" not in headers


@pytest.mark.parametrize("used_on", [TODAY - 4 * DAY, None])
def test_later_walks_read_the_day_of_the_last_one_and_the_one_before_it_again(
    anthropic: FakeAnthropic, used_on: date | None
) -> None:
    anthropic.days = {used_on: [record(person("ann"))]} if used_on else {}
    anthropic.walk()
    assert anthropic.asked_days() == [TODAY - n * DAY for n in range(365, -1, -1)]
    anthropic.walk()
    assert anthropic.asked_days() == [TODAY - DAY, TODAY]


def test_a_clock_that_is_ahead_makes_no_day_final(anthropic: FakeAnthropic) -> None:
    anthropic.told_at = datetime(2026, 5, 9, 23, tzinfo=UTC)
    anthropic.walk()
    assert anthropic.asked_days()[-1] == TODAY - 3 * DAY
    anthropic.told_at = datetime(2026, 5, 12, 7, tzinfo=UTC)
    anthropic.walk()
    assert anthropic.asked_days() == [TODAY - n * DAY for n in (4, 3, 2, 1, 0)]


def test_since_never_leaves_days_out_that_were_not_read(anthropic: FakeAnthropic) -> None:
    anthropic.state = {"day": "2026-04-20"}
    anthropic.walk(since=datetime(2026, 5, 11, tzinfo=UTC))
    assert anthropic.asked_days()[0] == date(2026, 4, 19)
    anthropic.walk(since=datetime(2026, 5, 4, tzinfo=UTC))
    assert anthropic.asked_days()[0] == date(2026, 5, 4)


def test_days_of_a_long_pause_are_read_however_short_the_first_walk_was(anthropic: FakeAnthropic) -> None:
    anthropic.history_days = 5
    anthropic.state = {"day": "2026-04-20"}
    anthropic.walk()
    assert anthropic.asked_days()[0] == date(2026, 4, 19)


def test_a_day_that_nothing_is_told_of_replaces_nothing(anthropic: FakeAnthropic) -> None:
    assert anthropic.walk(since=datetime(2026, 5, 12, tzinfo=UTC)) == []


def test_a_refusal_that_names_no_time_is_waited_for_longer_and_longer(anthropic: FakeAnthropic) -> None:
    refusal = Answer({"type": "error", "error": {"type": "rate_limit_error"}}, 429)
    extraction = anthropic.extraction(since=datetime(2026, 5, 12, tzinfo=UTC))
    anthropic.server.script(PATH, refusal, refusal, anthropic.answer)
    list(CONNECTOR.extract(extraction))
    first, second = anthropic.waited
    assert 30 <= first <= 31
    assert 60 <= second <= 61


def test_an_answer_without_data_fails_and_moves_no_cursor(anthropic: FakeAnthropic) -> None:
    extraction = anthropic.extraction(since=datetime(2026, 5, 12, tzinfo=UTC))
    anthropic.server.script(PATH, Answer({"error": "odd"}))
    with pytest.raises(MalformedResponseError):
        list(CONNECTOR.extract(extraction))
    assert anthropic.state == {}


@pytest.mark.parametrize(("status", "level"), [(200, "ok"), (401, "error"), (403, "error"), (400, "error")])
def test_the_doctor_tells_whether_the_key_may_read(anthropic: FakeAnthropic, status: int, level: str) -> None:
    extraction = anthropic.extraction()
    anthropic.server.script(PATH, Answer({"data": [], "has_more": False, "next_page": None}, status))
    (finding,) = CONNECTOR.check(extraction)
    assert finding.level == level

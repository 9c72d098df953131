"""Copilot: days, links to another host, seats, agent tasks, and what must not be kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from support.http_server import Answer, Request, ScriptedServer

from ingestion.connector import Extraction
from ingestion.connectors.copilot import CONNECTOR
from ingestion.connectors.copilot.settings import CopilotSettings, client
from ingestion.http import AccessDeniedError, MalformedResponseError
from ingestion.identity import EmailHasher
from ingestion.pipeline import load_connection
from ingestion.settings import SettingsError, load_settings

Row = dict[str, Any]
REPORTS = "/orgs/acme/copilot/metrics/reports"
SEATS = "/orgs/acme/copilot/billing/seats"
TASKS = "/agents/repos/acme/shop/tasks"
DAY = timedelta(days=1)
NEWEST = date(2026, 5, 10)
NOW = datetime(2026, 5, 12, 6, tzinfo=UTC)


def user(identity: int, day: date, **changes: Any) -> Row:
    return {
        "user_id": identity,
        "user_login": f"user{identity}",
        "day": day.isoformat(),
        "user_initiated_interaction_count": 5,
        "code_generation_activity_count": 9,
        "code_acceptance_activity_count": 4,
        "loc_suggested_to_add_sum": 90,
        "loc_added_sum": 40,
        "loc_deleted_sum": 2,
        "used_agent": True,
        "used_chat": False,
        "totals_by_cli": {"prompt_count": 3},
        **changes,
    }


@dataclass
class FakeCopilot:
    """An organisation's Copilot, and the host of its reports."""

    api: ScriptedServer
    files: ScriptedServer
    days: dict[date, list[list[Row]]] = field(default_factory=dict)
    state: Row = field(default_factory=dict)
    settings: Row = field(default_factory=dict)

    def listen(self) -> None:
        newest = max(self.days, default=None)
        latest = {"download_links": [], "report_start_day": "x", "report_end_day": str(newest)}
        self.api.script(f"{REPORTS}/users-28-day/latest", Answer(latest) if newest else Answer(None, 204))
        self.api.script(f"{REPORTS}/users-1-day", self._report)
        for day, parts in self.days.items():
            for index, rows in enumerate(parts):
                body = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
                self.files.script(f"/{day}-{index}.ndjson", Answer(body))

    def _report(self, asked: Request) -> Answer:
        day = date.fromisoformat(asked.query["day"][0])
        if day not in self.days:
            return Answer(None, 204)
        links = [f"{self.files.url}/{day}-{index}.ndjson?sig=s1gned" for index in range(len(self.days[day]))]
        return Answer({"download_links": links, "report_day": str(day)})

    def connection(self) -> CopilotSettings:
        return CopilotSettings(
            name="acme-copilot",
            connector="copilot",
            base_url=self.api.url,
            token="s3cret",
            organization="acme",
            **{"without": ["seats", "agent_tasks"], **self.settings},
        )

    def extraction(self, since: datetime | None = None) -> Extraction:
        self.listen()
        self.api.requests.clear()
        return Extraction(
            settings=self.connection(),
            http=client(self.connection(), sleep=lambda _: None),
            state=self.state,
            started_at=NOW,
            workspace=Path(),
            hash_email=EmailHasher(b"key"),
            since=since,
        )

    def walk(self, since: datetime | None = None) -> list[Any]:
        return list(CONNECTOR.extract(self.extraction(since)))

    def asked_days(self) -> list[date]:
        return [date.fromisoformat(each.query["day"][0]) for each in self.api.requests if "day" in each.query]


@pytest.fixture
def copilot() -> Iterator[FakeCopilot]:
    with ScriptedServer().running() as api, ScriptedServer().running() as files:
        yield FakeCopilot(api, files)


def rows(pages: list[Any], table: str) -> list[Row]:
    return [dict(row) for page in pages if page.table == table for row in page.rows]


def test_a_day_is_the_people_of_all_its_files(copilot: FakeCopilot) -> None:
    copilot.days = {NEWEST: [[user(1, NEWEST), user(2, NEWEST)], [user(3, NEWEST, totals_by_cli=None)]]}
    pages = copilot.walk()
    (page,) = [page for page in pages if page.table == "user_days"]
    assert [row["user_id"] for row in page.rows] == ["1", "2", "3"]
    assert page.parents == [(NEWEST,)]
    assert [row["cli_prompt_count"] for row in page.rows] == [3, 3, None]
    assert {row["login"] for row in rows(pages, "accounts")} == {"user1", "user2", "user3"}


def test_links_to_another_host_are_followed_without_the_token(copilot: FakeCopilot) -> None:
    copilot.days = {NEWEST: [[user(1, NEWEST)]]}
    copilot.walk()
    assert copilot.files.requests[0].query == {"sig": ["s1gned"]}
    told = [{name.lower(): value for name, value in each.headers.items()} for each in copilot.files.requests]
    assert not any("authorization" in headers or "s3cret" in str(headers) for headers in told)
    assert all("Authorization" in each.headers for each in copilot.api.requests)


def test_days_without_a_report_are_passed_over(copilot: FakeCopilot) -> None:
    copilot.days = {day: [[user(1, day)]] for day in (NEWEST - 3 * DAY, NEWEST)}
    assert {row["day"] for row in rows(copilot.walk(), "user_days")} == {NEWEST - 3 * DAY, NEWEST}


def test_the_first_walk_goes_a_year_back_and_not_before_there_were_reports(copilot: FakeCopilot) -> None:
    copilot.days = {NEWEST: [[user(1, NEWEST)]]}
    copilot.walk()
    assert copilot.asked_days()[0] == date(2025, 10, 10)
    later = date(2027, 3, 1)
    copilot.state, copilot.days = {}, {later: [[user(1, later)]]}
    copilot.walk()
    assert copilot.asked_days()[0] == later - 365 * DAY


def test_later_walks_read_the_last_four_days_again(copilot: FakeCopilot) -> None:
    copilot.days = {NEWEST - n * DAY: [[user(1, NEWEST - n * DAY)]] for n in range(8)}
    copilot.walk()
    copilot.days[NEWEST + DAY] = [[user(1, NEWEST + DAY)]]
    copilot.walk()
    assert copilot.asked_days() == [NEWEST + n * DAY for n in (-3, -2, -1, 0, 1)]


def test_since_reads_older_days_again(copilot: FakeCopilot) -> None:
    copilot.days = {NEWEST - n * DAY: [[user(1, NEWEST - n * DAY)]] for n in range(8)}
    copilot.walk()
    copilot.walk(since=datetime(2026, 5, 4, tzinfo=UTC))
    assert copilot.asked_days()[0] == date(2026, 5, 4)


def test_since_never_leaves_days_out_that_were_not_read(copilot: FakeCopilot) -> None:
    copilot.days = {NEWEST - n * DAY: [[user(1, NEWEST - n * DAY)]] for n in range(20, 10, -1)}
    copilot.walk()
    copilot.days |= {NEWEST - n * DAY: [[user(1, NEWEST - n * DAY)]] for n in range(11)}
    copilot.walk(since=datetime.combine(NEWEST, time(), UTC))
    assert copilot.asked_days() == [NEWEST - n * DAY for n in range(14, -1, -1)]


def test_days_of_a_long_pause_are_read_however_short_the_first_walk_was(copilot: FakeCopilot) -> None:
    copilot.settings = {"history_days": 5}
    copilot.days = {NEWEST - 20 * DAY: [[user(1, NEWEST - 20 * DAY)]]}
    copilot.walk()
    copilot.days[NEWEST] = [[user(1, NEWEST)]]
    copilot.walk()
    assert copilot.asked_days()[0] == NEWEST - 23 * DAY


def test_days_are_read_again_alone_and_told_where_there_is_a_report(copilot: FakeCopilot) -> None:
    copilot.days = {NEWEST - n * DAY: [[user(1, NEWEST - n * DAY)]] for n in (0, 2, 4)}
    copilot.settings = {"without": []}
    extraction = copilot.extraction()
    extraction.days = (NEWEST - 4 * DAY, NEWEST - 3 * DAY)
    assert rows(list(CONNECTOR.extract(extraction)), "user_days")[0]["day"] == NEWEST - 4 * DAY
    assert copilot.asked_days() == [NEWEST - 4 * DAY, NEWEST - 3 * DAY]
    assert extraction.days_read == {"user_days": {NEWEST - 4 * DAY: 1}}
    assert SEATS not in copilot.api.paths()


def test_an_organisation_without_reports_is_asked_once(copilot: FakeCopilot) -> None:
    assert copilot.walk() == []
    assert len(copilot.api.requests) == 1


def test_a_file_that_is_cut_short_fails_and_moves_no_cursor(copilot: FakeCopilot) -> None:
    copilot.days = {NEWEST: [[user(1, NEWEST)]]}
    extraction = copilot.extraction()
    whole = json.dumps(user(1, NEWEST)).encode()
    copilot.files.script(f"/{NEWEST}-0.ndjson", Answer(whole + b"\n" + whole[:40]))
    with pytest.raises(MalformedResponseError, match="cut short"):
        list(CONNECTOR.extract(extraction))
    assert "day" not in copilot.state


def test_a_file_of_another_day_fails(copilot: FakeCopilot) -> None:
    copilot.days = {NEWEST: [[user(1, NEWEST - DAY)]]}
    with pytest.raises(MalformedResponseError, match="holds rows of"):
        copilot.walk()


def seat(identity: int | None, **changes: Any) -> Row:
    assignee = None if identity is None else {"id": identity, "login": f"user{identity}"}
    return {
        "assignee": assignee,
        "created_at": "2026-01-01T00:00:00Z",
        "last_activity_at": None,
        "plan_type": "business",
        **changes,
    }


def paged(key: str, items: list[Row], total: Row) -> Any:
    """Two items on each page, told by the Link header."""

    def answer(asked: Request) -> Answer:
        page = int(asked.query.get("page", ["1"])[0])
        host = asked.headers["Host"]
        link = {"Link": f'<http://{host}{asked.path}?page={page + 1}>; rel="next"'}
        content = {**total, key: items[2 * page - 2 : 2 * page]}
        return Answer(content, headers=link if 2 * page < len(items) else {})

    return answer


def test_seats_are_a_snapshot_of_the_day_and_counted(copilot: FakeCopilot) -> None:
    copilot.settings = {"without": ["usage", "agent_tasks"]}
    copilot.api.script(SEATS, paged("seats", [seat(1), seat(None), seat(2)], {"total_seats": 3}))
    extraction = copilot.extraction()
    pages = list(CONNECTOR.extract(extraction))
    assert [(row["user_id"], row["day"]) for row in rows(pages, "seats")] == [
        ("1", "2026-05-12"),
        ("2", "2026-05-12"),
    ]
    assert extraction.source_counts["seats", "day=2026-05-12"].count == 2


def task(identity: str, updated_at: str, **changes: Any) -> Row:
    return {
        "id": identity,
        "name": "Fix the secret thing",
        "creator": {"id": 7},
        "repository": {"id": 10},
        "state": "completed",
        "artifacts": [
            {"provider": "github", "type": "pull", "data": {"id": 42}},
            {"provider": "github", "type": "branch", "data": {"head_ref": "copilot/fix", "base_ref": "main"}},
        ],
        "created_at": "2026-05-01T00:00:00Z",
        "updated_at": updated_at,
        **changes,
    }


def agent_tasks(copilot: FakeCopilot, *tasks: Row) -> None:
    copilot.settings = {"without": ["usage", "seats"], "repositories": ["acme/shop"]}

    def listed(asked: Request) -> Answer:
        is_archived = asked.query.get("is_archived") == ["true"]
        answer: Answer = paged("tasks", [] if is_archived else list(tasks), {})(asked)
        return answer

    copilot.api.script(TASKS, listed)
    for each in tasks:
        session = {
            "id": f"s-{each['id']}",
            "state": "completed",
            "prompt": "Fix the secret thing",
            "head_ref": "copilot/fix",
            "created_at": each["created_at"],
            "completed_at": each["updated_at"],
            "error": {"message": "the secret thing broke"},
        }
        copilot.api.script(f"{TASKS}/{each['id']}", Answer({**each, "sessions": [session]}))


def test_tasks_come_with_sessions_and_artifacts_and_without_prompts(copilot: FakeCopilot) -> None:
    agent_tasks(copilot, *(task(f"t{n}", f"2026-05-0{n}T10:00:00Z") for n in (1, 2, 3)))
    pages = copilot.walk()
    assert {row["id"] for row in rows(pages, "agent_tasks")} == {"t1", "t2", "t3"}
    assert {(row["type"], row["reference"]) for row in rows(pages, "agent_task_artifacts")} == {
        ("pull", "42"),
        ("branch", "copilot/fix"),
    }
    assert {row["completed_at"] for row in rows(pages, "agent_task_sessions")} == {
        f"2026-05-0{n}T10:00:00Z" for n in (1, 2, 3)
    }
    assert "secret thing" not in str(pages)


def test_later_walks_ask_for_tasks_since_the_last_change_with_overlap(copilot: FakeCopilot) -> None:
    agent_tasks(copilot, task("t1", "2026-05-01T10:00:00Z"))
    copilot.walk()
    copilot.walk()
    lists = [each.query for each in copilot.api.requests if each.path == TASKS]
    assert {query["since"][0] for query in lists} == {"2026-05-01T09:00:00Z"}
    assert {query["is_archived"][0] for query in lists} == {"true", "false"}


def test_since_never_leaves_tasks_out_that_were_not_read(copilot: FakeCopilot) -> None:
    agent_tasks(copilot, task("t1", "2026-05-01T10:00:00Z"))
    copilot.walk()
    copilot.walk(since=datetime(2026, 5, 10, tzinfo=UTC))
    assert {each.query["since"][0] for each in copilot.api.requests if each.path == TASKS} == {
        "2026-05-01T09:00:00Z"
    }


def test_the_cursor_of_tasks_stays_behind_the_start_of_its_walk(copilot: FakeCopilot) -> None:
    """What changed later may have been read before that change."""
    agent_tasks(copilot, task("t1", "2026-05-12T09:00:00Z"))
    copilot.walk()
    assert copilot.state["tasks_updated_at"] == {"acme/shop": NOW.isoformat()}


def test_tasks_are_listed_in_an_order_that_changes_do_not_shift(copilot: FakeCopilot) -> None:
    agent_tasks(copilot, task("t1", "2026-05-01T10:00:00Z"))
    copilot.walk()
    lists = [each.query for each in copilot.api.requests if each.path == TASKS]
    assert {(query["sort"][0], query["direction"][0]) for query in lists} == {("created_at", "asc")}


def test_a_token_that_may_not_read_tasks_fails_and_says_so(copilot: FakeCopilot) -> None:
    agent_tasks(copilot)
    extraction = copilot.extraction()
    copilot.api.script(TASKS, Answer({"message": "Resource not accessible by integration"}, 403))
    with pytest.raises(AccessDeniedError):
        list(CONNECTOR.extract(extraction))


def test_people_who_vanish_from_an_unfinished_day_are_removed_and_old_days_stay(
    copilot: FakeCopilot, tmp_path: Path
) -> None:
    old = NEWEST - 30 * DAY
    copilot.days = {old: [[user(1, old)]], NEWEST: [[user(1, NEWEST), user(2, NEWEST)]]}
    load(copilot, tmp_path)
    copilot.days = {NEWEST: [[user(1, NEWEST)]]}
    load(copilot, tmp_path)
    assert stored(tmp_path) == [("1", old), ("1", NEWEST)]
    load(copilot, tmp_path, full_refresh=True)
    assert stored(tmp_path) == [("1", old), ("1", NEWEST)]


def load(copilot: FakeCopilot, folder: Path, *, full_refresh: bool = False) -> None:
    copilot.listen()
    load_connection(
        copilot.connection(),
        warehouse=folder / "warehouse.duckdb",
        pipelines_dir=folder / "pipelines",
        workspace=folder / "workspace",
        full_refresh=full_refresh,
        connector=CONNECTOR,
    )


def stored(folder: Path) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(folder / "warehouse.duckdb"), read_only=True) as connection:
        return connection.execute("select user_id, day from raw_copilot.user_days order by all").fetchall()


def test_the_doctor_names_each_part_that_is_refused(copilot: FakeCopilot) -> None:
    agent_tasks(copilot)
    copilot.settings = {"without": [], "repositories": ["acme/shop"]}
    extraction = copilot.extraction()
    copilot.api.script(SEATS, Answer({"message": "no"}, 404))
    found = {finding.message: finding.level for finding in CONNECTOR.check(extraction)}
    assert found == {
        "usage: there is no report yet": "warning",
        "seats cannot be read (404)": "error",
        "agent_tasks of acme/shop can be read": "ok",
    }
    copilot.api.script(f"{REPORTS}/users-28-day/latest", Answer({"message": "Bad credentials"}, 401))
    (finding,) = CONNECTOR.check(extraction)
    assert finding.message == "GitHub does not accept the token"


def settings_of(tmp_path: Path, *connections: str) -> Any:
    path = tmp_path / "flowgauge.yaml"
    entries = "".join(
        f"  - {{name: c{index}, connector: copilot, token: '${{TOKEN}}', {given}}}\n"
        for index, given in enumerate(connections)
    )
    path.write_text(f"connections:\n{entries}", encoding="utf-8")
    return load_settings(path, environment={"TOKEN": "t"})


def test_two_connections_may_share_an_organisation_by_parts(tmp_path: Path) -> None:
    usage = "organization: acme, without: [agent_tasks]"
    tasks = "organization: acme, without: [usage, seats], repositories: [acme/shop]"
    assert len(settings_of(tmp_path, usage, tasks).connections) == 2
    with pytest.raises(SettingsError, match="usage of acme is read by connection c0 already"):
        settings_of(tmp_path, usage, usage)

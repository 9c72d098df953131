"""The walk over PagerDuty: windows and their halving, what is read again, and what never leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from support.http_server import Answer, Request, ScriptedServer
from support.replay import replay_folder, running_replay

from ingestion.connector import Extraction
from ingestion.connectors.pagerduty import CONNECTOR
from ingestion.connectors.pagerduty.settings import PagerDutySettings, client
from ingestion.http import AuthenticationError, MalformedResponseError
from ingestion.identity import EmailHasher
from ingestion.pipeline import load_connection

NOW = datetime(2026, 2, 1, tzinfo=UTC)
HASHER = EmailHasher(b"key")
Row = dict[str, Any]


def reference(identity: str, kind: str = "user", summary: str = "Ada") -> Row:
    return {"id": identity, "type": f"{kind}_reference", "summary": summary}


def incident(identity: str, at: str = "2026-01-10T10:00:00Z", status: str = "resolved", **more: Any) -> Row:
    return {
        "id": identity,
        "type": "incident",
        "incident_number": 7,
        "title": "prose about the incident",
        "created_at": at,
        "updated_at": at,
        "status": status,
        "urgency": "high",
        "service": reference("PS1", "service", "checkout"),
        **more,
    }


def entry(
    identity: str, of: str, kind: str = "acknowledge", at: str = "2026-01-10T10:05:00Z", **more: Any
) -> Row:
    return {
        "id": identity,
        "type": f"{kind}_log_entry",
        "summary": "prose",
        "created_at": at,
        "agent": reference("P1"),
        "channel": {"type": "website", "notes": "prose"},
        "incident": reference(of, "incident", "prose"),
        "service": reference("PS1", "service", "checkout"),
        **more,
    }


class FakePagerDuty:
    """Serves lists as PagerDuty does: by window and offset, with totals on request."""

    def __init__(self, server: ScriptedServer) -> None:
        self.server = server
        self.incidents: dict[str, Row] = {}
        self.entries: list[Row] = []
        self.most = 10_000
        for kind in ("incidents", "log_entries"):
            server.script(f"/{kind}", self._lister(kind))
        self.directory("users", {"id": "P1", "name": "Ada", "email": "ada@acme.example"})
        self.directory("services", {"id": "PS1", "name": "checkout", "status": "active"})

    def directory(self, kind: str, *rows: Row) -> None:
        self.server.script(f"/{kind}", Answer({kind: list(rows), "more": False}))

    def add(self, row: Row) -> None:
        self.incidents[row["id"]] = row
        path = f"/incidents/{row['id']}"
        self.server.script(path, lambda _request: Answer({"incident": self.incidents[row["id"]]}))

    def remove(self, identity: str) -> None:
        del self.incidents[identity]
        self.server.script(f"/incidents/{identity}", Answer({"error": {"code": 2100}}, 404))

    def asked(self, path: str) -> list[Request]:
        return [request for request in self.server.requests if request.path == path]

    def _lister(self, kind: str) -> Callable[[Request], Answer]:
        def answer(request: Request) -> Answer:
            query = {name: values[0] for name, values in request.query.items()}
            since, until = datetime.fromisoformat(query["since"]), datetime.fromisoformat(query["until"])
            assert until - since <= timedelta(days=184), "the range is longer than six months"
            assert query["time_zone"] == "UTC"
            rows = self.entries if kind == "log_entries" else list(self.incidents.values())
            rows = [row for row in rows if since <= datetime.fromisoformat(row["created_at"]) < until]
            offset, limit = int(query["offset"]), int(query["limit"])
            if offset + limit > self.most:
                return Answer({"error": {"message": "Offset must be less"}}, 400)
            total = len(rows) if query.get("total") == "true" else None
            return Answer(
                {kind: rows[offset : offset + limit], "more": offset + limit < len(rows), "total": total}
            )

        return answer


@pytest.fixture
def fake() -> Iterator[FakePagerDuty]:
    with ScriptedServer().running() as running:
        yield FakePagerDuty(running)


def settings(url: str, **more: Any) -> PagerDutySettings:
    given = {"name": "acme-pagerduty", "connector": "pagerduty", "token": "pd-secret"}
    return PagerDutySettings.model_validate(
        {**given, "base_url": url, "history_start": date(2026, 1, 1), **more}
    )


def extraction(fake: FakePagerDuty, state: Row | None = None, **more: Any) -> Extraction:
    given = settings(fake.server.url, **more.pop("settings", {}))
    waited: list[float] = []
    return Extraction(
        settings=given,
        http=client(given, sleep=waited.append),
        state={} if state is None else state,
        started_at=more.pop("at", NOW),
        workspace=Path(),
        hash_email=HASHER,
        **more,
    )


def walked(given: Extraction) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for page in CONNECTOR.extract(given):
        found.setdefault(page.table, []).extend(dict(row) for row in page.rows)  # type: ignore[union-attr]
    return found


def test_incidents_and_their_log_become_rows_without_prose(fake: FakePagerDuty) -> None:
    fake.add(incident("Q1", priority={"id": "PP1", "summary": "prose", "name": "P1"}))
    fake.entries = [
        entry(
            "R1",
            "Q1",
            "escalate",
            agent=reference("PS1", "service"),
            assignees=[reference("P2", summary="Bob"), reference("P1")],
        )
    ]
    rows = walked(extraction(fake))
    (row,), (log,) = rows["incidents"], rows["log_entries"]
    assert (row["id"], row["number"], row["service_id"], row["priority"]) == ("Q1", 7, "PS1", "P1")
    assert (log["type"], log["incident_id"], log["agent_type"]) == (
        "escalate_log_entry",
        "Q1",
        "service_reference",
    )
    assert (log["assignee_id"], log["assignee_count"]) == ("P2", 2)
    assert "prose" not in str(rows)


def test_the_log_takes_no_name_from_users_that_are_listed_no_more(fake: FakePagerDuty) -> None:
    """Their rows stay as they were; nothing that is yielded here may take their place."""
    fake.add(incident("Q1"))
    fake.entries = [entry("R1", "Q1", agent=reference("P9", summary="Former")), entry("R2", "Q1")]
    assert walked(extraction(fake))["users"] == [
        {"id": "P1", "name": "Ada", "email_hash": HASHER("ada@acme.example")}
    ]


def test_an_empty_page_that_promises_more_is_an_error(fake: FakePagerDuty) -> None:
    fake.server.script("/users", Answer({"users": [], "more": True}))
    with pytest.raises(MalformedResponseError, match="gives none after 0 rows, and promises more"):
        walked(extraction(fake))


def test_the_token_goes_in_pagerdutys_own_scheme(fake: FakePagerDuty) -> None:
    walked(extraction(fake))
    headers = fake.server.requests[0].headers
    assert headers["Authorization"] == "Token token=pd-secret"
    assert headers["Accept"] == "application/vnd.pagerduty+json;version=2"
    walked(extraction(fake, settings={"token": None, "oauth_token": "pdus-secret"}))
    assert fake.server.requests[-1].headers["Authorization"] == "Bearer pdus-secret"


def test_years_are_read_in_windows_of_half_a_year(fake: FakePagerDuty) -> None:
    fake.add(incident("Q1", at="2023-05-05T00:00:00Z"))
    fake.entries = [entry("R1", "Q1", at="2023-05-05T00:00:00Z")]
    rows = walked(extraction(fake, settings={"history_start": date(2023, 1, 1)}))
    assert (len(rows["incidents"]), len(rows["log_entries"])) == (1, 1)
    windows = [
        (request.query["since"][0], request.query["until"][0]) for request in fake.asked("/log_entries")
    ]
    assert windows[0][0] == "2023-01-01T00:00:00Z"
    assert windows[-1][1] == "2026-02-01T00:00:00Z"
    assert all(one[1] == other[0] for one, other in pairwise(windows))


def test_a_window_beyond_the_cap_is_halved_until_it_fits(
    fake: FakePagerDuty, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingestion.connectors.pagerduty.windows.LARGEST_LIST", 200)
    fake.most = 200
    fake.add(incident("Q1"))
    start = datetime(2026, 1, 1, tzinfo=UTC)
    fake.entries = [
        entry(f"R{number}", "Q1", at=(start + timedelta(hours=number)).isoformat()) for number in range(700)
    ]
    rows = walked(extraction(fake))
    assert [row["id"] for row in rows["log_entries"]] == [f"R{number}" for number in range(700)]
    assert rows["incidents"][0]["id"] == "Q1"


def test_more_rows_of_one_second_than_a_list_holds_are_an_error(
    fake: FakePagerDuty, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingestion.connectors.pagerduty.windows.LARGEST_LIST", 200)
    fake.entries = [entry(f"R{number}", "Q1") for number in range(201)]
    with pytest.raises(MalformedResponseError, match="over 200 rows of one second"):
        walked(extraction(fake))


def test_a_directory_beyond_the_cap_is_an_error_and_not_cut(
    fake: FakePagerDuty, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingestion.connectors.pagerduty.windows.LARGEST_LIST", 200)
    fake.server.script("/users", Answer({"users": [{"id": "P1", "name": "Ada"}], "more": True}))
    with pytest.raises(MalformedResponseError, match="ends after 101 rows although there are more"):
        walked(extraction(fake))


def test_what_the_log_names_and_what_was_open_is_read_again(fake: FakePagerDuty) -> None:
    for identity in ("Q1", "Q2", "Q3"):
        fake.add(
            incident(
                identity, at="2026-01-02T10:00:00Z", status="triggered" if identity == "Q2" else "resolved"
            )
        )
    fake.entries = [entry("R1", "Q1", at="2026-01-02T10:05:00Z")]
    state: Row = {}
    walked(extraction(fake, state, at=datetime(2026, 1, 3, tzinfo=UTC)))
    assert state["cursor"] == "2026-01-02T10:05:00Z"
    assert set(state["open"]) == {"Q2"}
    fake.entries.append(entry("R2", "Q1", "trigger", at="2026-01-20T10:00:00Z"))
    fake.incidents["Q1"]["status"] = "triggered"
    fake.incidents["Q2"]["status"] = "resolved"
    # The list no longer gives what was created before the cursor.
    rows = walked(extraction(fake, {**state, "cursor": "2026-01-19T00:00:00Z"}))
    assert [row["id"] for row in rows["incidents"]] == ["Q1", "Q2"]
    assert not fake.asked("/incidents/Q3")


def test_the_cursor_is_the_last_entry_seen_less_an_hour(fake: FakePagerDuty) -> None:
    fake.entries = [entry("R1", "Q1"), entry("R2", "Q1", at="2026-01-09T10:05:00+02:00")]
    state: Row = {}
    walked(extraction(fake, state))
    assert state["cursor"] == "2026-01-10T10:05:00Z"
    walked(extraction(fake, state))
    assert fake.asked("/log_entries")[-1].query["since"] == ["2026-01-10T09:05:00Z"]
    walked(extraction(fake, state, since=datetime(2026, 1, 5, tzinfo=UTC)))
    assert fake.asked("/log_entries")[-1].query["since"] == ["2026-01-05T00:00:00Z"]


def test_an_open_incident_that_vanished_is_kept_and_marked(fake: FakePagerDuty) -> None:
    fake.add(incident("Q1", status="triggered"))
    state: Row = {}
    walked(extraction(fake, state))
    fake.remove("Q1")
    state["cursor"] = "2026-01-20T00:00:00Z"
    (row,) = walked(extraction(fake, state))["incidents"]
    assert (row["id"], row["gone_at"]) == ("Q1", NOW.isoformat())
    assert state["open"] == {}


def test_an_entry_of_an_incident_that_is_gone_does_not_stop_the_walk(fake: FakePagerDuty) -> None:
    fake.entries = [entry("R1", "Q404")]
    assert not walked(extraction(fake)).get("incidents")


def test_merged_incidents_name_the_one_that_goes_on(fake: FakePagerDuty) -> None:
    reason = {"type": "merge_resolve_reason", "incident": reference("Q2", "incident")}
    fake.add(incident("Q1", resolve_reason=reason))
    (row,) = walked(extraction(fake))["incidents"]
    assert (row["resolve_reason"], row["merged_into_id"]) == ("merge_resolve_reason", "Q2")


def test_only_the_services_asked_for_are_read(fake: FakePagerDuty) -> None:
    other = reference("PS2", "service", "search")
    fake.add(incident("Q1", at="2025-12-01T00:00:00Z"))
    fake.add(incident("Q2", at="2025-12-01T00:00:00Z", service=other))
    fake.entries = [entry("R1", "Q1"), entry("R2", "Q2", service=other), entry("R3", "Q2", service=None)]
    rows = walked(extraction(fake, settings={"service_ids": ["PS1"]}))
    assert [row["id"] for row in rows["incidents"]] == ["Q1"]
    assert fake.asked("/incidents")[0].query["service_ids[]"] == ["PS1"]


@pytest.mark.parametrize(
    ("wider", "starts_anew"),
    [
        ({"service_ids": ["PS1"]}, False),
        ({"service_ids": ["PS1", "PS2"]}, True),
        ({"service_ids": []}, True),
        ({"service_ids": ["PS1"], "history_start": date(2025, 12, 1)}, True),
    ],
)
def test_services_and_a_past_that_are_asked_for_later_are_read_whole(
    wider: Row, starts_anew: bool, fake: FakePagerDuty
) -> None:
    other = reference("PS2", "service", "search")
    fake.add(incident("Q2", at="2026-01-02T10:00:00Z", service=other))
    fake.entries = [entry("R1", "Q1", at="2026-01-20T10:00:00Z")]
    state: Row = {}
    walked(extraction(fake, state, settings={"service_ids": ["PS1"]}))
    rows = walked(extraction(fake, state, settings=wider))
    assert ("Q2" in {row["id"] for row in rows.get("incidents", ())}) == starts_anew
    fake.server.requests.clear()
    walked(extraction(fake, state, settings=wider))
    assert fake.asked("/log_entries")[0].query["since"] == ["2026-01-20T09:00:00Z"]


@pytest.mark.parametrize(
    "body", [{"log_entries": []}, {"more": False}, ["log"]], ids=["more", "list", "object"]
)
def test_a_page_of_another_form_does_not_move_the_cursor(body: Any, fake: FakePagerDuty) -> None:
    fake.server.script("/log_entries", Answer(body))
    state: Row = {"cursor": "2026-01-20T00:00:00Z"}
    with pytest.raises(MalformedResponseError, match="without its list"):
        walked(extraction(fake, state))
    assert state == {"cursor": "2026-01-20T00:00:00Z"}


def test_the_reset_of_the_limit_is_in_seconds(fake: FakePagerDuty) -> None:
    limited = {"ratelimit-limit": "960", "ratelimit-remaining": "0", "ratelimit-reset": "23"}
    fake.server.script(
        "/services",
        Answer({"error": {"code": 2020}}, 429, limited),
        Answer({"services": [], "more": False}, headers={"ratelimit-remaining": "959"}),
    )
    given = extraction(fake)
    walked(given)
    assert 24 <= given.http.waited_seconds < 26
    assert given.http.rate_limit_left["rest"] == 959


def test_a_refused_token_is_named_and_not_shown(fake: FakePagerDuty) -> None:
    fake.server.script("/log_entries", Answer({"error": {"message": "Authentication failed"}}, 401))
    with pytest.raises(AuthenticationError) as refused:
        walked(extraction(fake))
    assert "pd-secret" not in str(refused.value)


def test_doctor_says_what_each_refusal_costs(fake: FakePagerDuty) -> None:
    lists = {"incidents": [], "log_entries": [], "services": [], "more": False}
    left = {"ratelimit-remaining": "12", "ratelimit-reset": "5"}
    for kind in ("incidents", "log_entries", "services"):
        fake.server.script(f"/{kind}", Answer(lists, headers=left))
    fake.server.script("/users", Answer({"error": {}}, 403))
    found = list(CONNECTOR.check(extraction(fake, settings={"service_ids": ["PS404"]})))
    assert [each.level for each in found] == ["ok", "ok", "ok", "error", "error", "warning"]
    assert "users.read" in found[3].remedy
    assert found[4].message == "there is no service PS404"
    assert found[5].message == "12 requests left this minute"


def test_doctor_says_that_a_key_is_refused(fake: FakePagerDuty) -> None:
    fake.server.script("/incidents", Answer({"error": {}}, 401))
    (finding,) = CONNECTOR.check(extraction(fake))
    assert (finding.level, finding.message) == ("error", "PagerDuty does not accept the key")


@pytest.mark.parametrize("tokens", [{}, {"token": "a", "oauth_token": "b"}])
def test_exactly_one_token_is_needed(tokens: Row) -> None:
    with pytest.raises(ValueError, match="either token or oauth_token"):
        PagerDutySettings.model_validate({"name": "a", "connector": "pagerduty", **tokens})


@pytest.mark.replay
def test_an_account_without_incidents_is_an_empty_and_complete_load(tmp_path: Path) -> None:
    import duckdb

    with running_replay(replay_folder(), None) as replay:
        given = settings(replay.pagerduty_url, token=replay.token, history_start=date(2024, 1, 1))
        result = load_connection(
            given,
            warehouse=tmp_path / "warehouse.duckdb",
            pipelines_dir=tmp_path / "dlt",
            workspace=tmp_path / "workspace",
        )
    assert (result.rows, result.rejected) == ({"source_counts": 4}, 0)
    with duckdb.connect(str(tmp_path / "warehouse.duckdb"), read_only=True) as warehouse:
        for table in CONNECTOR.tables:
            assert warehouse.table(f"raw_pagerduty.{table.name}").fetchall() == []
        counts = warehouse.table("raw_pagerduty.source_counts").fetchall()
    assert {(row[0], row[2]) for row in counts} == {(table.name, 0) for table in CONNECTOR.tables}

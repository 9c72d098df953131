"""Days of a connection as partitions: reported by loads, read again as a range, in one run each."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest
from support.http_server import Answer, Request, ScriptedServer

from ingestion.connectors.claude_code.source import PATH
from ingestion.settings import Settings, load_settings
from orchestration.definitions import build_definitions
from orchestration.home import Home
from orchestration.ledger import Ledger

SETTINGS = """
reporting_timezone: UTC
connections:
  - {{name: acme-claude, connector: claude_code, base_url: "{url}", api_key: "${{KEY}}", history_days: 6}}
"""
USAGE = dg.AssetKey(["raw_claude_code", "acme-claude", "usage_days"])
LOADS = dg.AssetKey(["raw_claude_code", "acme-claude", "_dlt_loads"])


@dataclass
class Analytics:
    """An organisation's days with who used it and in how many sessions, and a home that loads them."""

    server: ScriptedServer
    settings: Settings
    home: Home
    instance: dg.DagsterInstance
    days: dict[date, dict[str, int]] = field(default_factory=dict)

    def answer(self, asked: Request) -> Answer:
        told = self.days.get(date.fromisoformat(asked.query["starting_at"][0]), {})
        return Answer({"data": [_record(name, sessions) for name, sessions in told.items()]})

    def run(self, job: str, first: date | None = None, last: date | None = None) -> list[date]:
        """Run a job in this process, for a range of days if any; returns the days that it asked for."""
        self.server.requests.clear()
        definitions = build_definitions(self.settings, home=self.home, is_build_included=False)
        tags = {
            "dagster/asset_partition_range_start": str(first),
            "dagster/asset_partition_range_end": str(last),
        }
        self.result = definitions.resolve_job_def(job).execute_in_process(
            instance=self.instance, raise_on_error=False, tags=tags if first else {}
        )
        return [date.fromisoformat(each.query["starting_at"][0]) for each in self.server.requests]

    def reported(self) -> list[tuple[dg.AssetKey, str | None]]:
        """Assets and partitions that the last run materialized."""
        of_type = dg.DagsterEventType.ASSET_MATERIALIZATION
        found = self.instance.get_records_for_run(self.result.run_id, of_type=of_type).records
        events = [record.event_log_entry.dagster_event for record in found]
        return [(event.asset_key, event.partition) for event in events if event and event.asset_key]

    def loaded(self) -> set[date]:
        """The days that Dagster shows as loaded."""
        return {date.fromisoformat(key) for key in self.instance.get_materialized_partitions(USAGE)}

    def sessions(self) -> list[tuple[date, int]]:
        with duckdb.connect(str(self.home.warehouse), read_only=True) as warehouse:
            return warehouse.execute(
                "select day, session_count from raw_claude_code.usage_days order by all"
            ).fetchall()


def _record(name: str, sessions: int) -> dict[str, Any]:
    actor = {"type": "user_actor", "email_address": f"{name}@acme.example"}
    return {"actor": actor, "core_metrics": {"num_sessions": sessions}}


@pytest.fixture
def analytics(tmp_path: Path) -> Iterator[Analytics]:
    path, home = tmp_path / "flowgauge.yaml", Home(tmp_path / "home")
    home.prepare()
    with ScriptedServer().running() as server, dg.DagsterInstance.ephemeral() as instance:
        path.write_text(SETTINGS.format(url=server.url), encoding="utf-8")
        settings = load_settings(path, environment={"KEY": "not-a-real-one"})
        organisation = Analytics(server, settings, home, instance)
        server.script(PATH, organisation.answer)
        yield organisation


def test_a_load_by_cursor_reports_the_days_that_it_read_once(analytics: Analytics) -> None:
    asked = analytics.run("ingest")
    assert len(asked) == 7
    # Nothing was used, which is no change; the present day is not over.
    assert analytics.loaded() == set(asked[:-1])
    assert (LOADS, None) not in analytics.reported()
    analytics.run("ingest")
    assert analytics.reported() == []
    analytics.days = {asked[-2]: {"ann": 1}}
    analytics.run("ingest")
    assert {(USAGE, str(asked[-2])), (LOADS, None)} <= set(analytics.reported())
    assert asked[-2] in analytics.run("ingest")
    assert analytics.reported() == []


def test_a_range_of_days_is_read_again_and_replaced_in_one_run(analytics: Analytics) -> None:
    one, two, three = (datetime.now(UTC).date() - timedelta(days=n) for n in (5, 4, 3))
    analytics.days = {day: {"ann": 1, "bob": 2} for day in (one, two, three)}
    analytics.run("ingest")
    before = Ledger.read(analytics.home.ledger)
    analytics.days = {one: {"ann": 7}, two: {"ann": 1, "bob": 2}, three: {"ann": 9}}
    assert analytics.run("reread_acme_claude", one, two) == [one, two]
    assert analytics.result.success
    assert analytics.sessions() == [(one, 7), (two, 1), (two, 2), (three, 1), (three, 2)]
    assert analytics.reported() == [(USAGE, str(one)), (USAGE, str(two)), (LOADS, None)]
    after = Ledger.read(analytics.home.ledger)
    assert after.generation == before.generation + 1
    assert after.connections == before.connections  # how fresh it is has not changed


def test_days_that_were_read_first_do_not_stand_for_those_before_them(analytics: Analytics) -> None:
    today = datetime.now(UTC).date()
    two, one = today - timedelta(days=2), today - timedelta(days=1)
    analytics.days = {two: {"ann": 1}, one: {"ann": 1}}
    assert analytics.run("reread_acme_claude", two, one) == [two, one]
    assert len(analytics.run("ingest")) == 7
    assert analytics.sessions() == [(two, 1), (one, 1)]


def test_a_range_without_news_changes_nothing(analytics: Analytics) -> None:
    one = analytics.run("ingest")[1]
    before = Ledger.read(analytics.home.ledger).generation
    analytics.run("reread_acme_claude", one, one)
    assert analytics.reported() == [(USAGE, str(one))]
    assert Ledger.read(analytics.home.ledger).generation == before


def test_a_range_that_cannot_be_read_fails_and_reports_no_day(analytics: Analytics) -> None:
    one = analytics.run("ingest")[1]
    analytics.server.script(PATH, Answer({"error": "odd"}))
    analytics.run("reread_acme_claude", one, one)
    assert not analytics.result.success
    assert analytics.reported() == []
    assert Ledger.read(analytics.home.ledger).connections["acme-claude"].outcome == "failed"

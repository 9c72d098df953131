"""The dataset `raw_flowgauge`: facts of the settings, and what became of runs and loads."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from pydantic import SecretStr
from support.toy_connector import ToySettings

from ingestion.organisation import (
    connection_states,
    latest_run,
    load_organisation,
    record_connection,
    record_run,
)
from ingestion.settings import Settings

TODAY = date(2026, 11, 23)
AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
TOKEN = "tok-very-secret-0123456789"
TABLES = {
    "runs",
    "connections",
    "teams",
    "team_members",
    "team_repositories",
    "services",
    "service_environments",
    "repository_rules",
    "bots",
    "calendar_days",
    "reporting_days",
    "targets",
    "settings",
    "tracker_statuses",
    "features",
    "feature_tickets",
    "identities",
    "person_accounts",
    "person_aliases",
    "ambiguous_accounts",
}


def settings(**more: Any) -> Settings:
    connection = ToySettings(
        name="acme", connector="toy", base_url="https://toy.example", token=SecretStr(TOKEN)
    )
    return Settings.model_validate({"connections": [connection], **more})


def read(warehouse: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(warehouse)) as connection:
        return connection.execute(query).fetchall()


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    return tmp_path / "home" / "warehouse.duckdb"


@pytest.fixture
def loaded(warehouse: Path) -> Path:
    load_organisation(settings(), warehouse, today=TODAY)
    return warehouse


class TestFacts:
    def test_all_tables_exist_also_without_facts(self, loaded: Path) -> None:
        found = read(loaded, "select table_name from duckdb_tables() where schema_name = 'raw_flowgauge'")
        assert {name for (name,) in found} == TABLES
        assert read(loaded, "from raw_flowgauge.teams") == []

    def test_instants_are_utc_without_an_offset(self, loaded: Path) -> None:
        found = read(
            loaded,
            "select distinct data_type from duckdb_columns() "
            "where schema_name = 'raw_flowgauge' and column_name like '%\\_at' escape '\\'",
        )
        assert found == [("TIMESTAMP",)]

    def test_a_team_becomes_rows(self, warehouse: Path) -> None:
        team = {
            "name": "checkout",
            "members": ["alice", {"login": "bob", "connection": "acme", "valid_from": date(2026, 5, 1)}],
            "repositories": ["acme/checkout"],
            "valid_from": date(2026, 1, 1),
        }
        load_organisation(settings(teams=[team]), warehouse, today=TODAY)
        since = date(2026, 1, 1)
        assert read(warehouse, "from raw_flowgauge.teams") == [("checkout", "checkout", since, None)]
        assert read(warehouse, "from raw_flowgauge.team_members order by login") == [
            ("checkout", "alice", None, since, None),
            ("checkout", "bob", "acme", date(2026, 5, 1), None),
        ]
        assert read(warehouse, "from raw_flowgauge.team_repositories") == [
            ("checkout", "acme/checkout", since, None)
        ]

    def test_a_service_becomes_rows(self, warehouse: Path) -> None:
        services = [
            {
                "name": "checkout",
                "repository": "acme/shop",
                "paths": ["checkout/", "lib/"],
                "production_environments": ["production", "production-eu"],
                "other_environments": ["staging"],
                "required_approvals": 1,
                "required_checks": ["test", "lint"],
                "branch": "main",
            },
            {"name": "search", "repository": "acme/search"},
        ]
        load_organisation(settings(services=services), warehouse, today=TODAY)
        assert read(
            warehouse, "select service, repository, path_prefix from raw_flowgauge.services order by all"
        ) == [
            ("checkout", "acme/shop", "checkout/"),
            ("checkout", "acme/shop", "lib/"),
            ("search", "acme/search", None),
        ]
        assert read(warehouse, "from raw_flowgauge.service_environments order by all") == [
            ("checkout", "production", True),
            ("checkout", "production-eu", True),
            ("checkout", "staging", False),
            ("search", "production", True),
        ]
        assert read(warehouse, "from raw_flowgauge.repository_rules") == [
            ("acme/shop", "main", 1, '["test", "lint"]')
        ]

    def test_bots_and_targets_become_rows(self, warehouse: Path) -> None:
        facts = settings(bots=["golangcibot"], targets={"review_sla_hours": 4})
        load_organisation(facts, warehouse, today=TODAY)
        assert read(warehouse, "from raw_flowgauge.bots") == [("golangcibot", None, "service")]
        targets = read(warehouse, "from raw_flowgauge.targets order by name")
        assert ("review_sla_hours", 4.0, "hours") in targets
        assert ("idle_days", 14.0, "days") in targets

    def test_trackers_become_a_row_for_each_status(self, warehouse: Path) -> None:
        trackers = [
            {"project": "ACME", "team": "web", "statuses": {"ready": ["Next"], "qa": ["Testing", "10007"]}},
            {"project": "OPS", "connection": "acme", "team": "web", "valid_from": date(2026, 1, 1)},
        ]
        load_organisation(settings(teams=[{"name": "web"}], trackers=trackers), warehouse, today=TODAY)
        assert read(warehouse, "from raw_flowgauge.tracker_statuses order by project, status") == [
            ("ACME", None, "web", "10007", "qa", None, None),
            ("ACME", None, "web", "Next", "ready", None, None),
            ("ACME", None, "web", "Testing", "qa", None, None),
            ("OPS", "acme", "web", None, None, date(2026, 1, 1), None),
        ]

    def test_features_and_identities_become_rows(self, warehouse: Path) -> None:
        features = [{"name": "pay", "flag": "pay-v2", "key_event": "paid", "times": 3, "tickets": ["A-1"]}]
        identities = [["ada", {"login": "ada-l", "connection": "acme"}]]
        load_organisation(settings(features=features, identities=identities), warehouse, today=TODAY)
        assert read(warehouse, "from raw_flowgauge.features") == [("pay", "pay-v2", "paid", 3, 28)]
        assert read(warehouse, "from raw_flowgauge.feature_tickets") == [("pay", "A-1")]
        assert read(warehouse, "from raw_flowgauge.identities") == [(1, "ada", None), (1, "ada-l", "acme")]

    def test_days_reach_from_2008_to_the_end_of_next_year(self, loaded: Path) -> None:
        for query in (
            "select min(date_day), max(date_day), count(*) from raw_flowgauge.reporting_days",
            "select min(local_date), max(local_date), count(*) from raw_flowgauge.calendar_days",
        ):
            assert read(loaded, query) == [(date(2008, 1, 1), date(2027, 12, 31), 7305)]

    def test_no_secret_is_stored(self, loaded: Path) -> None:
        assert TOKEN.encode() not in loaded.read_bytes()


class TestReplacement:
    def test_equal_settings_write_nothing(self, loaded: Path) -> None:
        before = loaded.read_bytes()
        assert load_organisation(settings(), loaded, today=TODAY) is False
        assert loaded.read_bytes() == before

    def test_changed_settings_replace_the_facts(self, loaded: Path) -> None:
        assert load_organisation(settings(bots=["a", "b"]), loaded, today=TODAY) is True
        assert load_organisation(settings(bots=["b"]), loaded, today=TODAY) is True
        assert read(loaded, "select login from raw_flowgauge.bots") == [("b",)]

    def test_a_new_year_writes_its_days(self, loaded: Path) -> None:
        assert load_organisation(settings(), loaded, today=date(2026, 12, 31)) is False
        assert load_organisation(settings(), loaded, today=date(2027, 1, 1)) is True

    def test_a_new_token_is_no_change(self, loaded: Path) -> None:
        connection = ToySettings(
            name="acme", connector="toy", base_url="https://toy.example", token=SecretStr("other")
        )
        assert load_organisation(Settings(connections=(connection,)), loaded, today=TODAY) is False

    def test_a_failure_leaves_the_facts_as_they_were(
        self, loaded: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from ingestion import organisation

        def fail(*_arguments: object) -> None:
            raise RuntimeError

        monkeypatch.setattr(organisation, "_settle_connections", fail)
        with pytest.raises(RuntimeError):
            load_organisation(settings(bots=["a"]), loaded, today=TODAY)
        assert read(loaded, "from raw_flowgauge.bots") == []


class TestLedgers:
    def test_before_the_first_run_there_is_nothing(self, warehouse: Path) -> None:
        assert latest_run(warehouse) is None
        assert connection_states(warehouse) == []

    def test_the_latest_run_is_the_one_that_started_last(self, warehouse: Path) -> None:
        later = AT.replace(hour=13)
        record_run(warehouse, run_id="b", started_at=later, as_of=later)
        record_run(warehouse, run_id="a", started_at=AT, as_of=AT)
        run = latest_run(warehouse)
        assert run is not None
        assert (run.run_id, run.started_at, run.as_of) == ("b", later, later)

    def test_a_run_that_is_resumed_is_one_run(self, warehouse: Path) -> None:
        record_run(warehouse, run_id="a", started_at=AT, as_of=AT)
        record_run(warehouse, run_id="a", started_at=AT, as_of=AT.replace(hour=14))
        assert read(warehouse, "select count(*), max(as_of) from raw_flowgauge.runs") == [
            (1, datetime.fromisoformat("2026-11-23T14:00"))
        ]

    def test_a_connection_is_there_before_its_first_load(self, loaded: Path) -> None:
        (state,) = connection_states(loaded)
        assert (state.connection, state.connector, state.base_url) == ("acme", "toy", "https://toy.example")
        assert (state.loaded_through_at, state.last_outcome, state.last_error) == (None, None, None)

    def test_a_failure_keeps_what_was_loaded_and_a_success_forgets_the_failure(self, loaded: Path) -> None:
        record_connection(
            loaded, "acme", outcome="succeeded", attempted_at=AT, loaded_through_at=AT, history_start_at=AT
        )
        later = AT.replace(hour=13)
        record_connection(loaded, "acme", outcome="failed", attempted_at=later, error="it is down")
        (state,) = connection_states(loaded)
        assert (state.last_outcome, state.last_error, state.last_attempt_at) == (
            "failed",
            "it is down",
            later,
        )
        assert (state.loaded_through_at, state.history_start_at) == (AT, AT)
        record_connection(loaded, "acme", outcome="unchanged", attempted_at=later, loaded_through_at=later)
        (state,) = connection_states(loaded)
        assert (state.last_outcome, state.last_error, state.loaded_through_at) == ("unchanged", None, later)

    def test_changed_settings_keep_what_is_known_of_connections_and_drop_those_that_are_gone(
        self, loaded: Path
    ) -> None:
        record_connection(loaded, "acme", outcome="succeeded", attempted_at=AT, loaded_through_at=AT)
        with duckdb.connect(str(loaded)) as connection:
            connection.execute("insert into raw_flowgauge.person_accounts (connection) values ('acme')")
        renamed = ToySettings(
            name="acme-new", connector="toy", base_url="https://new.example", previous_name="acme"
        )
        fresh = ToySettings(name="fresh", connector="toy", base_url="https://fresh.example")
        load_organisation(Settings(connections=(renamed, fresh)), loaded, today=TODAY)
        first, second = connection_states(loaded)
        assert (first.connection, first.base_url, first.loaded_through_at) == (
            "acme-new",
            "https://new.example",
            AT,
        )
        assert (second.connection, second.loaded_through_at) == ("fresh", None)
        assert read(loaded, "select connection from raw_flowgauge.person_accounts") == [("acme-new",)]
        load_organisation(Settings(connections=(fresh,)), loaded, today=TODAY)
        assert [state.connection for state in connection_states(loaded)] == ["fresh"]

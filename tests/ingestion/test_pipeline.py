"""Loading a connection: real dlt into a real warehouse, from a connector whose walks the test decides."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from pydantic import SecretStr
from support.http_server import Answer, ScriptedServer
from support.toy_connector import ITEMS, PARTS, SNAPSHOTS, ToySettings, Walk, items, toy, yielding

from ingestion.connector import Column, Connector, Extraction, Page
from ingestion.http import HttpClient, bearer
from ingestion.pipeline import LoadError, LoadResult, load_connection

TOKEN = "tok-very-secret-0123456789"
NOWHERE = "http://127.0.0.1:1"
EARLY, LATE = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"


@dataclass(frozen=True)
class Home:
    """A warehouse with what belongs to it."""

    path: Path

    @property
    def warehouse(self) -> Path:
        return self.path / "warehouse.duckdb"

    def load(self, walk: Walk | Connector, name: str = "acme", **options: Any) -> LoadResult:
        connector = walk if isinstance(walk, Connector) else toy(walk)
        settings = options.pop("settings", {})
        return load_connection(
            ToySettings(name=name, connector="toy", base_url=NOWHERE, **settings),
            warehouse=self.warehouse,
            pipelines_dir=self.path / "dlt",
            workspace=self.path / "clones",
            connector=connector,
            **options,
        )

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.warehouse), read_only=True) as warehouse:
            return warehouse.execute(query).fetchall()

    def items(self, name: str = "acme") -> dict[str, Any]:
        """States by id."""
        return dict(self.rows(f"select id, state from raw_toy.items where connection = '{name}' order by id"))

    def tables(self) -> set[str]:
        """The dataset's tables but dlt's own."""
        names = self.rows("select table_name from duckdb_tables() where schema_name = 'raw_toy'")
        return {name for (name,) in names if not name.startswith("_dlt")}

    def everything(self) -> dict[str, list[tuple[Any, ...]]]:
        return {name: self.rows(f"from raw_toy.{name} order by all") for name in sorted(self.tables())}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse with all tables and no rows: making them is most of what a first load costs."""
    home = Home(tmp_path_factory.mktemp("prepared"))
    home.load(yielding(), "nobody")
    return home.warehouse


@pytest.fixture
def home(prepared: Path, tmp_path: Path) -> Home:
    shutil.copy(prepared, tmp_path)
    return Home(tmp_path)


@pytest.fixture
def empty_home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def seeing(states: list[dict[str, Any]], *pages: Page, state: Mapping[str, Any] | None = None) -> Walk:
    """A walk that notes the state it is given."""

    def walk(extraction: Extraction) -> Iterator[Page]:
        states.append(dict(extraction.state))
        yield from yielding(*pages, state=state)(extraction)

    return walk


def failing(*pages: Page) -> Walk:
    """A walk that changes the state, yields, and then fails."""

    def walk(extraction: Extraction) -> Iterator[Page]:
        extraction.state["cursor"] = "moved too far"
        yield from pages
        raise OSError("the network went away")

    return walk


class TestLoading:
    def test_rows_stand_in_declared_columns_and_types(self, empty_home: Home) -> None:
        empty_home.load(
            yielding(
                items(
                    {
                        "id": "1",
                        "state": "open",
                        "size": 3,
                        "is_open": True,
                        "updated_at": EARLY,
                        "score": 0.5,
                        "due_on": "2026-03-01",
                        "labels": ["b", "a"],
                    }
                )
            )
        )
        described = empty_home.rows("select column_name, column_type from (describe raw_toy.items)")
        columns = dict(described)
        assert columns == {
            "id": "VARCHAR",
            "state": "VARCHAR",
            "size": "BIGINT",
            "is_open": "BOOLEAN",
            "updated_at": "TIMESTAMP WITH TIME ZONE",
            "score": "DOUBLE",
            "due_on": "DATE",
            "labels": "JSON",
            "connection": "VARCHAR",
            "extracted_at": "TIMESTAMP WITH TIME ZONE",
            "row_hash": "VARCHAR",
            "is_removed": "BOOLEAN",
        }
        row = empty_home.rows(
            "select id, size, is_open, epoch(updated_at), score, due_on::text, labels, connection, "
            "is_removed from raw_toy.items"
        )
        epoch = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
        assert row == [("1", 3, True, epoch, 0.5, "2026-03-01", '["b","a"]', "acme", False)]

    def test_tables_without_rows_exist(self, empty_home: Home) -> None:
        empty_home.load(yielding())
        assert empty_home.tables() == {"items", "parts", "snapshots", "source_counts", "rejected_rows"}
        empty_home.load(yielding(Page("parts", [{"item_id": "1", "name": "a"}])))
        assert empty_home.rows("select item_id from raw_toy.parts") == [("1",)]

    def test_the_result_tells_what_changed(self, home: Home) -> None:
        before = datetime.now(UTC).replace(microsecond=0)
        result = home.load(yielding(items({"id": "1"}, {"id": "2"})))
        assert result.rows == {"items": 2}
        assert result.removed == {}
        assert result.rejected == 0
        assert result.is_changed
        assert before <= result.started_at == result.loaded_through_at
        assert result.started_at.microsecond == 0

    def test_requests_and_budget_are_told(self, home: Home) -> None:
        with ScriptedServer().running() as server:
            server.script("/items", Answer([{"id": "1"}]))

            def walk(extraction: Extraction) -> Iterator[Page]:
                for page in extraction.http.pages("/items"):
                    yield items(*page)

            connector = replace(toy(walk), client=lambda _settings: HttpClient(server.url))
            result = home.load(connector)
        assert result.requests == {"rest": 1}
        assert home.items() == {"1": None}

    def test_many_rows_are_loaded_in_batches(self, home: Home) -> None:
        pages = [items(*[{"id": f"{page}-{row}"} for row in range(1000)]) for page in range(12)]
        assert home.load(yielding(*pages)).rows == {"items": 12_000}
        assert home.rows("select count(*) from raw_toy.items") == [(12_000,)]

    def test_the_sources_own_counts_are_kept(self, home: Home) -> None:
        def walk(extraction: Extraction) -> Iterator[Page]:
            extraction.expect_count("items", "acme/a", 7)
            yield items({"id": "1"})

        assert home.load(walk).rows == {"items": 1, "source_counts": 1}
        query = "select connection, table_name, scope, source_count from raw_toy.source_counts"
        assert home.rows(query) == [("acme", "items", "acme/a", 7)]
        assert not home.load(walk).is_changed

    def test_nothing_is_printed(self, home: Home, capfd: pytest.CaptureFixture[str]) -> None:
        home.load(yielding(items({"id": "1"})))
        home.load(yielding(items({"id": "1"})))
        captured = capfd.readouterr()
        assert captured.out == ""
        assert captured.err == ""

    def test_progress_is_told_to_who_asks(self, home: Home) -> None:
        told: list[str] = []
        home.load(yielding(items({"id": "1"})), progress=told.append)
        assert told == ["loading 1 items"]

    def test_no_copy_of_the_rows_is_left_behind(self, home: Home) -> None:
        home.load(yielding(items({"id": "1"})))
        assert list((home.path / "dlt").iterdir()) == []
        assert home.rows("select count(*) from raw_toy_staging.items") == [(0,)]


class TestIdempotence:
    def test_a_walk_without_news_loads_nothing(self, home: Home) -> None:
        walk = yielding(items({"id": "1", "updated_at": EARLY, "labels": [1]}), state={"cursor": 1})
        home.load(walk)
        before = home.everything()
        result = home.load(walk)
        assert (result.rows, result.removed, result.is_changed) == ({}, {}, False)
        assert home.everything() == before
        assert home.rows("select count(*) from raw_toy._dlt_loads") == [(2,)]

    def test_a_column_that_is_declared_later_is_added_and_filled_as_rows_come(self, home: Home) -> None:
        home.load(yielding(items({"id": "1"}, {"id": "2"})))
        wider = replace(ITEMS, columns=(*ITEMS.columns, Column("owner", "text", "Owner.", nullable=False)))
        connector = toy(yielding(items({"id": "1", "owner": "ann"})), tables=(wider, PARTS, SNAPSHOTS))
        assert home.load(connector).rows == {"items": 1}
        assert home.rows("select id, owner from raw_toy.items order by id") == [("1", "ann"), ("2", None)]


class TestCompleteChildren:
    """Tables that declare `complete_within`: what is missing from a parent's page is gone."""

    def parts(self, home: Home) -> list[tuple[Any, ...]]:
        return home.rows("select item_id, name from raw_toy.parts order by all")

    def page(self, item: str, *names: str) -> Page:
        return Page("parts", [{"item_id": item, "name": name} for name in names], [(item,)])

    def test_rows_that_are_gone_from_their_parent_are_removed(self, home: Home) -> None:
        home.load(yielding(self.page("1", "a", "b"), self.page("2", "a")))
        result = home.load(yielding(self.page("1", "b", "c")))
        assert (result.rows, result.removed) == ({"parts": 1}, {"parts": 1})
        assert self.parts(home) == [("1", "b"), ("1", "c"), ("2", "a")]


class TestRejectedRows:
    def test_good_rows_of_a_page_load_and_bad_ones_are_told(self, home: Home) -> None:
        result = home.load(yielding(items({"id": "1"}, {"id": "2", "size": "big", "state": 7}, {"id": "3"})))
        assert result.rejected == 1
        assert home.items() == {"1": None, "3": None}
        query = "select connection, table_name, row_key, rule, row from raw_toy.rejected_rows order by rule"
        row = '{"id":"2","size":"big","state":7}'
        assert home.rows(query) == [
            ("acme", "items", '["2"]', "size: expected a whole number, got str", row),
            ("acme", "items", '["2"]', "state: expected text, got int", row),
        ]

    def test_a_row_that_comes_well_later_is_rejected_no_more(self, home: Home) -> None:
        home.load(yielding(items({"id": "1", "size": "big"}, {"id": "2", "size": "big"})))
        home.load(yielding(items({"id": "1", "size": 3})))
        assert home.rows("select row_key from raw_toy.rejected_rows") == [('["2"]',)]
        assert home.items() == {"1": None}


class TestCompleteWalks:
    def test_the_state_is_given_to_the_next_walk(self, home: Home) -> None:
        states: list[dict[str, Any]] = []
        home.load(seeing(states, items({"id": "1"}), state={"cursor": {"acme/a": EARLY}}))
        home.load(seeing(states))
        assert states == [{}, {"cursor": {"acme/a": EARLY}}]

    def test_the_state_moves_also_where_no_row_does(self, home: Home) -> None:
        states: list[dict[str, Any]] = []
        home.load(seeing(states, state={"cursor": 1}))
        assert not home.load(seeing(states, state={"cursor": 2})).is_changed
        home.load(seeing(states))
        assert states == [{}, {"cursor": 1}, {"cursor": 2}]

    def test_a_first_walk_that_fails_leaves_the_tables_that_others_are_built_on(self, tmp_path: Path) -> None:
        home = Home(tmp_path)
        with pytest.raises(LoadError, match="the network went away") as raised:
            home.load(failing())
        assert not raised.value.is_changed
        assert home.tables() == {"items", "parts", "snapshots", "source_counts", "rejected_rows"}
        assert not any(home.everything().values())
        assert home.load(yielding(items({"id": "a"}))).rows == {"items": 1}

    def test_a_walk_that_fails_moves_neither_rows_nor_state(self, home: Home) -> None:
        states: list[dict[str, Any]] = []
        home.load(seeing(states, items({"id": "1", "state": "open"}), state={"cursor": 1}))
        before = home.everything()
        with pytest.raises(LoadError, match="the network went away") as raised:
            home.load(failing(items({"id": "1", "state": "done"}, {"id": "2"})))
        assert not raised.value.is_changed
        assert home.everything() == before
        home.load(seeing(states))
        assert states[-1] == {"cursor": 1}

    def test_a_truncated_page_does_not_move_the_cursor(self, home: Home) -> None:
        states: list[dict[str, Any]] = []
        with ScriptedServer().running() as server:
            link = {"Link": f'<{server.url}/items?page=2>; rel="next"'}
            server.script("/items", Answer([{"id": "1"}], headers=link), Answer([{"id": "2"}], cut=5))

            def walk(extraction: Extraction) -> Iterator[Page]:
                states.append(dict(extraction.state))
                extraction.state["cursor"] = "end"
                for page in extraction.http.pages("/items"):
                    yield items(*page)

            client = HttpClient(server.url, sleep=lambda _seconds: None)
            connector = replace(toy(walk), client=lambda _settings: client)
            with pytest.raises(LoadError, match="ended before its whole body had come"):
                home.load(connector)
            server.script("/items", Answer([{"id": "1"}, {"id": "2"}]))
            home.load(connector)
        assert states == [{}, {}]
        assert home.items() == {"1": None, "2": None}

    def test_a_state_that_is_not_json_is_refused_and_nothing_moves(self, empty_home: Home) -> None:
        with pytest.raises(LoadError, match="cannot be written as JSON"):
            empty_home.load(yielding(items({"id": "1"}), state={"cursor": {1, 2}}))
        assert not any(empty_home.everything().values())

    def test_columns_that_are_not_declared_stop_the_walk(self, home: Home) -> None:
        with pytest.raises(LoadError, match="columns that it does not declare: \\['body'\\]"):
            home.load(yielding(items({"id": "1", "body": "prose"})))

    def test_a_table_that_is_not_declared_stops_the_walk(self, home: Home) -> None:
        with pytest.raises(LoadError, match="'surprises', which it does not declare"):
            home.load(yielding(Page("surprises", [{"id": "1"}])))

    def test_the_warehouse_decides_the_state_not_dlts_directory(self, home: Home) -> None:
        """An older warehouse that was put back must be read on from where it stands."""
        states: list[dict[str, Any]] = []
        home.load(seeing(states, items({"id": "1"}), state={"cursor": 1}))
        backup = home.warehouse.read_bytes()
        home.load(seeing(states, items({"id": "2"}), state={"cursor": 2}))
        home.warehouse.write_bytes(backup)
        home.load(seeing(states, items({"id": "2"}), state={"cursor": 2}))
        assert states == [{}, {"cursor": 1}, {"cursor": 1}]
        assert set(home.items()) == {"1", "2"}

    def test_a_warehouse_that_was_deleted_is_filled_anew(self, empty_home: Home) -> None:
        states: list[dict[str, Any]] = []
        empty_home.load(seeing(states, items({"id": "1"}), state={"cursor": 1}))
        empty_home.warehouse.unlink()
        empty_home.load(seeing(states, items({"id": "1"}), state={"cursor": 1}))
        assert states == [{}, {}]
        assert set(empty_home.items()) == {"1"}

    def test_a_warehouse_that_is_open_elsewhere_is_told_in_a_sentence(self, home: Home) -> None:
        home.load(yielding(items({"id": "1"})))
        code = (
            f"import duckdb, sys; c = duckdb.connect({str(home.warehouse)!r}); print(1, flush=True); input()"
        )
        command = [sys.executable, "-c", code]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
            assert other.stdout is not None
            other.stdout.readline()
            with pytest.raises(LoadError, match="another process may have it open"):
                home.load(yielding(items({"id": "2"})))
            other.communicate(b"\n")
        assert set(home.items()) == {"1"}


class TestInterruptedLoads:
    """A run killed at any instant and run again gives what one that was not killed gives."""

    def kill_before(self, step: str, home: Home) -> None:
        """Run a load in a process of its own that is killed when it comes to a step of dlt."""
        code = f"""
            import os, signal
            from pathlib import Path
            from dlt.load.load import Load
            from dlt.pipeline.pipeline import Pipeline
            from support.toy_connector import ToySettings, items, toy, yielding
            from ingestion.pipeline import load_connection

            {step} = lambda *arguments, **options: os.kill(os.getpid(), signal.SIGKILL)
            home = Path({str(home.path)!r})
            load_connection(
                ToySettings(name="acme", connector="toy", base_url={NOWHERE!r}),
                warehouse=home / "warehouse.duckdb",
                pipelines_dir=home / "dlt",
                workspace=home / "clones",
                connector=toy(yielding(items({{"id": "1", "state": "killed"}}), state={{"cursor": 1}})),
            )
        """
        tests = Path(__file__).parents[1]
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(code)],
            env={**os.environ, "PYTHONPATH": f"{tests}:{tests.parent}"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == -signal.SIGKILL, done.stderr

    @pytest.mark.parametrize("step", ["Pipeline.normalize", "Pipeline.load", "Load.complete_package"])
    def test_a_pending_package_is_loaded_and_then_the_source_is_read(self, home: Home, step: str) -> None:
        self.kill_before(step, home)
        states: list[dict[str, Any]] = []
        told: list[str] = []
        result = home.load(
            seeing(states, items({"id": "2", "state": "new"}), state={"cursor": 2}), progress=told.append
        )
        assert told[0] == "finishing a load of acme that was interrupted"
        assert states == [{"cursor": 1}]
        assert home.items() == {"1": "killed", "2": "new"}
        assert result.rows == {"items": 1}
        assert result.is_changed

    def test_a_run_killed_before_its_package_was_whole_is_read_again(self, home: Home) -> None:
        self.kill_before("Pipeline.extract", home)
        states: list[dict[str, Any]] = []
        home.load(seeing(states, items({"id": "1", "state": "read again"})))
        assert states == [{}]
        assert home.items() == {"1": "read again"}

    def test_a_pending_package_alone_is_a_change(self, home: Home) -> None:
        self.kill_before("Pipeline.load", home)
        result = home.load(yielding(items({"id": "1", "state": "killed"}), state={"cursor": 1}))
        assert (result.rows, result.is_changed) == ({}, True)

    def test_a_change_by_a_pending_package_is_told_also_where_the_walk_fails(self, home: Home) -> None:
        self.kill_before("Pipeline.load", home)
        with pytest.raises(LoadError) as raised:
            home.load(failing())
        assert raised.value.is_changed
        assert home.items() == {"1": "killed"}

    def test_a_package_that_cannot_be_loaded_is_dropped_and_read_again(self, home: Home) -> None:
        self.kill_before("Pipeline.load", home)
        for file in (home.path / "dlt").rglob("*.parquet"):
            file.write_bytes(b"not parquet")
        states: list[dict[str, Any]] = []
        told: list[str] = []
        home.load(seeing(states, items({"id": "1", "state": "read again"})), progress=told.append)
        assert told[1].startswith("dropping an interrupted load of acme")
        assert states == [{}]
        assert home.items() == {"1": "read again"}

    def test_a_directory_that_cannot_be_read_is_no_obstacle(self, home: Home) -> None:
        home.load(yielding(items({"id": "1"})))
        (home.path / "dlt" / "toy_acme").mkdir()
        (home.path / "dlt" / "toy_acme" / "state.json").write_text("{")
        home.load(yielding(items({"id": "2"})))
        assert set(home.items()) == {"1", "2"}


class TestConnections:
    def test_two_connections_share_a_dataset_and_leave_each_other_alone(self, home: Home) -> None:
        states: list[dict[str, Any]] = []
        home.load(seeing(states, items({"id": "1", "state": "a"}), state={"cursor": "a"}), "a")
        home.load(seeing(states, items({"id": "1", "state": "b"}, {"id": "2"}), state={"cursor": "b"}), "b")
        home.load(seeing(states, items({"id": "1", "state": "a2"})), "a")
        assert states == [{}, {}, {"cursor": "a"}]
        assert home.items("a") == {"1": "a2"}
        assert home.items("b") == {"1": "b", "2": None}

    def test_a_renamed_connection_keeps_rows_and_state(self, home: Home) -> None:
        states: list[dict[str, Any]] = []
        home.load(
            seeing(states, items({"id": "1", "state": "open"}, {"id": "2"}), state={"cursor": 1}), "old"
        )
        home.load(yielding(items({"id": "1"})), "other")
        renamed = {"previous_name": "old"}
        result = home.load(
            seeing(states, items({"id": "1", "state": "open"}), state={"cursor": 1}), "new", settings=renamed
        )
        assert states == [{}, {"cursor": 1}]
        assert (result.rows, result.is_changed) == ({}, True)
        assert (home.items("old"), home.items("new"), home.items("other")) == (
            {},
            {"1": "open", "2": None},
            {"1": None},
        )
        assert home.load(seeing(states, state={"cursor": 1}), "new").is_changed is False
        assert states.pop() == {"cursor": 1}
        again = home.load(seeing(states, state={"cursor": 2}), "new", settings=renamed)
        home.load(seeing(states), "new", settings=renamed)
        assert not again.is_changed
        assert states == [{}, {"cursor": 1}, {"cursor": 1}, {"cursor": 2}]

    def test_rows_read_under_the_new_name_first_win_over_those_of_the_old(self, home: Home) -> None:
        home.load(yielding(items({"id": "1", "state": "old"}, {"id": "2", "state": "old"})), "old")
        home.load(yielding(items({"id": "1", "state": "new"})), "new")
        home.load(yielding(), "new", settings={"previous_name": "old"})
        assert home.items("new") == {"1": "new", "2": "old"}

    def test_a_previous_name_that_never_was_is_no_obstacle(self, home: Home) -> None:
        home.load(yielding(items({"id": "1"})), "new", settings={"previous_name": "never"})
        assert set(home.items("new")) == {"1"}


class TestReadingAnew:
    def test_since_is_handed_to_the_walk_with_its_state(self, home: Home) -> None:
        seen: list[Any] = []

        def walk(extraction: Extraction) -> Iterator[Page]:
            seen.append((extraction.since, dict(extraction.state), extraction.is_full_refresh))
            yield from yielding(items({"id": "1"}), state={"cursor": 1})(extraction)

        since = datetime(2026, 1, 1, tzinfo=UTC)
        home.load(walk)
        home.load(walk, since=since)
        assert seen == [(None, {}, False), (since, {"cursor": 1}, False)]

    def test_a_full_refresh_forgets_the_state_and_removes_what_is_gone(self, home: Home) -> None:
        states: list[dict[str, Any]] = []
        home.load(
            seeing(states, items({"id": "1", "state": "a"}, {"id": "2"}), state={"cursor": 1, "stale": True})
        )
        home.load(yielding(items({"id": "2"})), "other")
        result = home.load(
            seeing(states, items({"id": "1", "state": "b"}, {"id": "3"}), state={"cursor": 2}),
            full_refresh=True,
        )
        assert states == [{}, {}]
        assert (result.rows, result.removed) == ({"items": 2}, {"items": 1})
        assert home.items() == {"1": "b", "3": None}
        assert set(home.items("other")) == {"2"}
        home.load(seeing(states))
        assert states[-1] == {"cursor": 2}

    def test_a_full_refresh_of_what_has_not_changed_changes_nothing(self, home: Home) -> None:
        walk = yielding(items({"id": "1"}), state={"cursor": 1})
        home.load(walk)
        assert not home.load(walk, full_refresh=True).is_changed

    def test_a_full_refresh_that_fails_removes_nothing(self, home: Home) -> None:
        states: list[dict[str, Any]] = []
        home.load(seeing(states, items({"id": "1"}, {"id": "2"}), state={"cursor": 1}))
        with pytest.raises(LoadError):
            home.load(failing(items({"id": "1"})), full_refresh=True)
        assert set(home.items()) == {"1", "2"}
        home.load(seeing(states))
        assert states[-1] == {"cursor": 1}

    def test_rows_that_outlive_their_source_stay(self, home: Home) -> None:
        home.load(yielding(Page("snapshots", [{"id": "monday"}])))
        home.load(yielding(Page("snapshots", [{"id": "tuesday"}])), full_refresh=True)
        assert home.rows("select id from raw_toy.snapshots order by id") == [("monday",), ("tuesday",)]


class TestSecrecy:
    def test_a_failure_of_another_tool_is_told_without_the_token(self, home: Home) -> None:
        def walk(_extraction: Extraction) -> Iterator[Page]:
            yield items({"id": "1"})
            raise OSError(f"git clone https://x:{TOKEN}@host failed")

        connector = replace(toy(walk), client=lambda _settings: HttpClient(NOWHERE, bearer(SecretStr(TOKEN))))
        with pytest.raises(LoadError, match=r"https://x:\*\*\*@host failed") as raised:
            home.load(connector)
        link: BaseException | None = raised.value
        while link is not None:
            assert TOKEN not in f"{link!r}"
            link = link.__cause__ or link.__context__

    def test_a_failure_without_secrets_keeps_its_cause_for_the_traceback(self, home: Home) -> None:
        with pytest.raises(LoadError) as raised:
            home.load(failing())
        assert isinstance(raised.value.__cause__, OSError)

    def test_no_token_is_stored(self, home: Home) -> None:
        connector = replace(
            toy(yielding(items({"id": "1"}), state={"cursor": 1})),
            client=lambda settings: HttpClient(NOWHERE, bearer(settings.token)),
        )
        home.load(connector, settings={"token": SecretStr(TOKEN)})
        files = [path for path in home.path.rglob("*") if path.is_file()]
        assert {path.name for path in files} == {"warehouse.duckdb", "hash.key"}
        assert [path for path in files if TOKEN.encode() in path.read_bytes()] == []

    def test_no_telemetry_is_sent(self, home: Home) -> None:
        from dlt.common.runtime import anon_tracker

        home.load(yielding(items({"id": "1"})))
        assert anon_tracker._ANON_TRACKER_ENDPOINT is None

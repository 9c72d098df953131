"""What a walk changes: versions, unchanged rows, children that are gone, rows that are rejected."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from support.toy_connector import items, toy, yielding

from ingestion.connector import ConnectorError, Page, SourceCount
from ingestion.landing import Landing

EARLY, LATE = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"
STARTED_AT = datetime(2026, 3, 1, tzinfo=UTC)
TOY = toy(yielding())


@dataclass(frozen=True)
class Outcome:
    """What a walk changed."""

    rows: dict[str, int]
    removed: dict[str, int]
    rejected: int

    @property
    def is_changed(self) -> bool:
        return bool(self.rows or self.removed)


@dataclass(frozen=True)
class Warehouse:
    """A warehouse that takes changes as dlt merges them: delete by key, insert what is not removed."""

    path: Path

    def land(self, *pages: Page, counts: tuple[SourceCount, ...] = (), full_refresh: bool = False) -> Outcome:
        files = self.path.parent
        with Landing(files / "rows.duckdb", TOY, "acme", STARTED_AT) as landing:
            for page in pages:
                landing.add(page)
            landing.count(counts)
            changes = landing.changes(self.path, files, is_full_refresh=full_refresh)
            rejected = landing.rejected
        for change in changes:
            if change.is_new or not change.is_empty:
                self._apply(change.table.name, change.table.key, change.file)
        return Outcome(
            {change.table.name: change.loaded for change in changes if change.loaded},
            {change.table.name: change.removed for change in changes if change.removed},
            rejected,
        )

    def _apply(self, table: str, key: tuple[str, ...], file: Path) -> None:
        with duckdb.connect(str(self.path)) as warehouse:
            warehouse.execute("create schema if not exists raw_toy")
            warehouse.execute(f"create table if not exists raw_toy.{table} as from '{file}' where false")
            columns = ", ".join(("connection", *key))
            warehouse.execute(
                f"delete from raw_toy.{table} where ({columns}) in (select ({columns}) from '{file}')"
            )
            warehouse.execute(f"insert into raw_toy.{table} by name from '{file}' where not is_removed")

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.path)) as warehouse:
            return warehouse.execute(query).fetchall()

    def items(self) -> dict[str, Any]:
        return dict(self.rows("select id, state from raw_toy.items order by id"))


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    duckdb.connect(str(tmp_path / "warehouse.duckdb")).close()
    return Warehouse(tmp_path / "warehouse.duckdb")


class TestVersions:
    def test_only_changed_rows_are_loaded(self, warehouse: Warehouse) -> None:
        warehouse.land(items({"id": "1", "state": "open"}, {"id": "2", "state": "open"}))
        result = warehouse.land(items({"id": "1", "state": "open"}, {"id": "2", "state": "done"}))
        assert result.rows == {"items": 1}
        assert warehouse.items() == {"1": "open", "2": "done"}

    def test_of_two_versions_in_one_walk_the_later_update_wins(self, warehouse: Warehouse) -> None:
        new = {"id": "1", "state": "new", "updated_at": LATE}
        old = {"id": "1", "state": "old", "updated_at": EARLY}
        assert warehouse.land(items(new), items(old)).rows == {"items": 1}
        assert warehouse.items() == {"1": "new"}

    def test_of_two_versions_updated_at_once_the_one_yielded_later_wins(self, warehouse: Warehouse) -> None:
        first = {"id": "1", "state": "first", "updated_at": EARLY}
        second = {"id": "1", "state": "second", "updated_at": EARLY}
        warehouse.land(items(first), items(second))
        assert warehouse.items() == {"1": "second"}
        warehouse.land(items(second), items(first))
        assert warehouse.items() == {"1": "first"}

    def test_an_older_version_in_a_later_walk_is_what_the_source_says_now(self, warehouse: Warehouse) -> None:
        warehouse.land(items({"id": "1", "state": "new", "updated_at": LATE}))
        warehouse.land(items({"id": "1", "state": "restored", "updated_at": EARLY}))
        assert warehouse.items() == {"1": "restored"}


class TestCompleteChildren:
    """Tables that declare `complete_within`: what is missing from a parent's page is gone."""

    def parts(self, warehouse: Warehouse) -> list[tuple[Any, ...]]:
        return warehouse.rows("select item_id, name from raw_toy.parts order by all")

    def page(self, item: str, *names: str) -> Page:
        return Page("parts", [{"item_id": item, "name": name} for name in names], [(item,)])

    def test_the_last_child_can_go_too(self, warehouse: Warehouse) -> None:
        warehouse.land(self.page("1", "a"))
        result = warehouse.land(self.page("1"))
        assert (result.removed, result.is_changed) == ({"parts": 1}, True)
        assert self.parts(warehouse) == []

    def test_of_a_parent_read_twice_in_one_walk_the_last_reading_counts(self, warehouse: Warehouse) -> None:
        warehouse.land(self.page("1", "a", "b"), self.page("2", "x"), self.page("1", "b"))
        assert self.parts(warehouse) == [("1", "b"), ("2", "x")]

    def test_nothing_is_removed_where_a_row_could_not_be_read(self, warehouse: Warehouse) -> None:
        warehouse.land(self.page("1", "a", "b"))
        broken = Page("parts", [{"item_id": "1", "name": "a", "size": "big"}], [("1",)])
        result = warehouse.land(broken)
        assert (result.removed, result.rejected) == ({}, 1)
        assert self.parts(warehouse) == [("1", "a"), ("1", "b")]


class TestRejectedRows:
    def test_a_row_without_its_key_is_rejected(self, warehouse: Warehouse) -> None:
        warehouse.land(items({"state": "open"}))
        assert warehouse.rows("select row_key, rule from raw_toy.rejected_rows") == [
            ("[null]", "id: is missing")
        ]

    def test_a_type_that_drifted_leaves_the_row_that_stands(self, warehouse: Warehouse) -> None:
        warehouse.land(items({"id": "1", "state": "open"}))
        warehouse.land(items({"id": "1", "state": "done", "size": "3"}))
        assert warehouse.items() == {"1": "open"}

    def test_the_same_rejection_is_told_once(self, warehouse: Warehouse) -> None:
        page = items({"id": "1", "size": "big"})
        warehouse.land(page)
        result = warehouse.land(page)
        assert (result.rejected, result.is_changed) == (1, False)
        assert warehouse.rows("select count(*) from raw_toy.rejected_rows") == [(1,)]

    def test_a_row_that_comes_well_later_in_the_same_walk_is_not_rejected(self, warehouse: Warehouse) -> None:
        warehouse.land(items({"id": "1", "size": "big"}), items({"id": "1", "size": 3}))
        assert warehouse.rows("select count(*) from raw_toy.rejected_rows") == [(0,)]

    def test_a_row_that_is_broken_in_another_way_shows_that_way(self, warehouse: Warehouse) -> None:
        warehouse.land(items({"id": "1", "size": "big"}))
        warehouse.land(items({"id": "1", "size": 3, "state": 7}))
        rules = warehouse.rows("select rule from raw_toy.rejected_rows")
        assert rules == [("state: expected text, got int",)]


class TestFullRefreshes:
    def test_rows_that_did_not_come_are_gone(self, warehouse: Warehouse) -> None:
        warehouse.land(items({"id": "1"}, {"id": "2"}))
        outcome = warehouse.land(items({"id": "1"}), full_refresh=True)
        assert (outcome.rows, outcome.removed) == ({}, {"items": 1})
        assert set(warehouse.items()) == {"1"}

    def test_rows_of_other_connections_are_not_looked_at(self, warehouse: Warehouse) -> None:
        warehouse.land(items({"id": "1"}))
        with duckdb.connect(str(warehouse.path)) as connection:
            connection.execute("update raw_toy.items set connection = 'other'")
        outcome = warehouse.land(items({"id": "1"}), full_refresh=True)
        assert (outcome.rows, outcome.removed) == ({"items": 1}, {})

    def test_nothing_is_removed_from_a_table_with_a_row_that_could_not_be_read(
        self, warehouse: Warehouse
    ) -> None:
        warehouse.land(items({"id": "1"}, {"id": "2"}))
        outcome = warehouse.land(items({"id": "1", "size": "big"}), full_refresh=True)
        assert outcome.removed == {}

    def test_rejections_that_did_not_come_again_are_gone(self, warehouse: Warehouse) -> None:
        warehouse.land(items({"id": "1", "size": "big"}))
        assert warehouse.land(full_refresh=True).removed == {"rejected_rows": 1}

    def test_rows_that_outlive_their_source_stay(self, warehouse: Warehouse) -> None:
        warehouse.land(Page("snapshots", [{"id": "monday"}]))
        assert warehouse.land(Page("snapshots", [{"id": "tuesday"}]), full_refresh=True).removed == {}


class TestCounts:
    def test_a_count_is_loaded_when_it_changes(self, warehouse: Warehouse) -> None:
        assert warehouse.land(counts=(SourceCount("items", "a", 1),)).rows == {"source_counts": 1}
        assert not warehouse.land(counts=(SourceCount("items", "a", 1),)).is_changed
        assert warehouse.land(counts=(SourceCount("items", "a", 2),)).rows == {"source_counts": 1}
        assert warehouse.rows("select scope, source_count from raw_toy.source_counts") == [("a", 2)]

    @pytest.mark.parametrize(("table", "count"), [("surprises", 1), ("items", "1")])
    def test_a_count_that_is_none_is_the_connectors_defect(
        self, warehouse: Warehouse, table: str, count: Any
    ) -> None:
        with pytest.raises(ConnectorError):
            warehouse.land(counts=(SourceCount(table, "a", count),))


def test_nothing_is_left_of_the_scratch_file(warehouse: Warehouse) -> None:
    warehouse.land(items({"id": "1"}))
    assert not list(warehouse.path.parent.glob("rows.duckdb*"))

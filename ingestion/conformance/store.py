"""Rows and state of one connection as a warehouse keeps them, in memory.

What `landing.py` and dlt do with the rows of a walk, a hundred times faster and for a handful of rows; the
rule on second loads holds the two against each other.
"""

# ruff: noqa: S608 - names in the statements are declared ones, which are checked to be snake_case

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from ingestion.bulk import BulkLoader, BulkResult, declare_bulk_tables
from ingestion.connector import CheckedPage, Connector, FilePage, Page, Table
from ingestion.identity import EmailHasher
from ingestion.rows import RowChecker

Key = tuple[Any, ...]
Row = dict[str, Any]
Rows = dict[str, dict[Key, Row]]


@dataclass
class _Came:
    """What one walk brought of a table: rows and complete parents, each with its position in the walk."""

    rows: list[tuple[int, Key, Row]] = field(default_factory=list)
    parents: dict[Key, int] = field(default_factory=dict)
    has_rejected: bool = False


class Collected:
    """The rows of one walk."""

    def __init__(self, connector: Connector, hasher: EmailHasher) -> None:
        self._connector = connector
        self._hasher = hasher
        self._checkers = {table.name: RowChecker(table) for table in connector.tables}
        self._came = {table.name: _Came() for table in connector.tables}
        self._position = 0
        self.rejected: dict[tuple[str, str], tuple[str, ...]] = {}

    def add(self, page: Page | CheckedPage | FilePage) -> None:
        """Check and keep the rows of a page; ConnectorError where it is none of the connector's."""
        if isinstance(page, FilePage):
            page = Page(page.table, _rows_of(page, self._connector, self._hasher))
        if isinstance(page, CheckedPage):
            for rule, _ in page.rejected:
                self.rejected[page.table, rule] = (rule,)
            rows = pq.read_table(page.file).to_pylist() if page.file else []
            page = Page(page.table, rows, [page.parent])
        table = self._connector.table(page.table)
        came, before = self._came[table.name], self._position
        parents = {tuple(parent) for parent in page.parents}
        for given in page.rows:
            checked = self._checkers[table.name].check(given)
            self._position += 1
            if checked.broken:
                self.rejected[table.name, checked.row_key] = checked.broken
                came.has_rejected = True
                continue
            self.rejected.pop((table.name, checked.row_key), None)
            row = dict(zip([column.name for column in table.columns], checked.values, strict=True))
            came.rows.append((self._position, _of(row, table.key), row))
            parents.add(_of(row, table.complete_within))
        if table.complete_within:
            came.parents.update(dict.fromkeys(parents, before))

    def onto(self, standing: Rows, *, is_full_refresh: bool) -> Rows:
        """What stands after this walk where these rows stood before."""
        return {
            table.name: self._merged(table, standing.get(table.name, {}), is_full_refresh=is_full_refresh)
            for table in self._connector.tables
        }

    def _merged(self, table: Table, standing: dict[Key, Row], *, is_full_refresh: bool) -> dict[Key, Row]:
        came = self._came[table.name]
        latest: dict[Key, Row] = {}
        for position, key, row in came.rows:
            is_last = position > came.parents.get(_of(row, table.complete_within), 0)
            known = latest.get(key)
            if is_last and (known is None or not _is_older(table, row, known)):
                latest[key] = row
        kept = {
            key: row
            for key, row in standing.items()
            if came.has_rejected
            or not (
                (is_full_refresh and not table.outlives_source)
                or (table.complete_within and _of(row, table.complete_within) in came.parents)
            )
        }
        return {**kept, **latest}


def _rows_of(page: FilePage, connector: Connector, hasher: EmailHasher) -> list[Row]:
    """The rows of a page of files, as the kit itself takes them in."""
    table = connector.table(page.table)
    with tempfile.TemporaryDirectory() as name:
        warehouse = Path(name) / "rows.duckdb"
        declare_bulk_tables(connector, warehouse)
        loader = BulkLoader(connector, "example", datetime.now(UTC), hasher)
        loader.load([page], warehouse, Path(name), BulkResult())
        with duckdb.connect(str(warehouse), read_only=True) as database:
            database.execute("set TimeZone = 'UTC'")
            names = [column.name for column in table.columns]
            listed = ", ".join(f'"{name}"' for name in names)
            found = database.execute(f'select {listed} from {connector.dataset}."{table.name}"').fetchall()
    return [dict(zip(names, values, strict=True)) for values in found]


def _of(row: Row, names: Iterable[str]) -> Key:
    return tuple(row[name] for name in names)


def _is_older(table: Table, row: Row, known: Row) -> bool:
    if table.updated is None or known[table.updated] is None:
        return False
    return row[table.updated] is None or row[table.updated] < known[table.updated]

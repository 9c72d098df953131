"""Collects the rows of one walk and tells what they change in the warehouse.

Rows land in a scratch DuckDB file, so that a walk of any length needs little memory and nothing moves before
it is complete. Then, table by table: the last version of each key, less what already stands, plus the rows
that are gone, marked as removed. What remains is written to one Parquet file per table for dlt to import.
"""

# ruff: noqa: S608 - names in the statements are declared ones, which are checked to be snake_case

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from ingestion.bulk import RejectedRow
from ingestion.connector import (
    REJECTED_ROWS,
    SOURCE_COUNTS,
    CheckedPage,
    Connector,
    ConnectorError,
    FilePage,
    Page,
    SourceCount,
    Table,
)
from ingestion.rows import CheckedRow, RowChecker, arrow_schema

_BATCH_ROWS = 5_000
_MEMORY_LIMIT = "1GB"
_POSITION = pa.field("_position", pa.int64())
_KIT_FIELDS = (pa.field("_key", pa.string()), pa.field("row_hash", pa.string()), _POSITION)
_UNHASHED = {SOURCE_COUNTS.name: ("counted_at",), REJECTED_ROWS.name: ("rejected_at",)}


@dataclass(frozen=True)
class Change:
    """What one table's walk changes: rows to load, rows to remove, and the file with both."""

    table: Table
    loaded: int
    removed: int
    file: Path
    is_new: bool

    @property
    def is_empty(self) -> bool:
        """Whether the table stays as it is."""
        return not self.loaded and not self.removed


@dataclass
class _Buffer:
    """Rows of one table that are not in the scratch file yet."""

    table: Table
    checker: RowChecker
    row_schema: pa.Schema
    parent_schema: pa.Schema
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    parents: list[tuple[Any, ...]] = field(default_factory=list)
    has_rejected: bool = False


class Landing:
    """One walk's rows.

    Attributes:
        rejected: rows that broke their declaration.
        files: pages of bulk tables, which do not land here but are loaded by `bulk.py`.
    """

    def __init__(self, path: Path, connector: Connector, connection: str, extracted_at: datetime) -> None:
        self._connector = connector
        self._connection = connection
        self._extracted_at = extracted_at
        self._path = path
        self._position = 0
        self._buffers: dict[str, _Buffer] = {}
        self.rejected = 0
        self.files: list[FilePage] = []
        self._remove_file()
        self._scratch = duckdb.connect(str(path), config={"memory_limit": _MEMORY_LIMIT})
        self._scratch.execute("set TimeZone = 'UTC'")
        for table in connector.all_tables:
            self._declare(table)

    def __enter__(self) -> Landing:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._scratch.close()
        self._remove_file()

    def add(self, page: Page | CheckedPage | FilePage) -> None:
        """Check and keep the rows of a page, or what the connector checked itself, or only where files are.

        Raises:
            ConnectorError: the page is of no declared table, or its rows have columns that are not declared.
        """
        table = self._connector.table(page.table)
        if isinstance(page, CheckedPage):
            self._add_checked(table, page)
            return
        if isinstance(page, FilePage):
            self.files.append(page)
            return
        if table.is_bulk:
            raise ConnectorError(f"table {table.name} takes pages of files, and got one of rows")
        buffer = self._buffers[table.name]
        before = self._position
        parents = {tuple(parent) for parent in page.parents}
        for row in page.rows:
            checked = buffer.checker.check(row)
            if checked.broken:
                self._reject(table, checked.row_key, checked.broken, buffer.checker.declared(row))
                buffer.has_rejected = True
                continue
            self._keep(buffer, checked)
            parents.add(tuple(row.get(name) for name in table.complete_within))
        if table.complete_within:
            buffer.parents.extend((*parent, before) for parent in parents)
        self._flush_if_full(buffer)

    def _add_checked(self, table: Table, page: CheckedPage) -> None:
        before = self._position
        self._buffers[table.name].parents.append((*page.parent, before))
        self._reject_of_parent(table, page, before)
        if page.file is None:
            return
        columns = [column.name for column in table.columns]
        content = ", ".join(f"'{name}:' || to_json({_quoted(name)}) || chr(30)" for name in columns)
        inserted = self._scratch.execute(
            f"insert into {_quoted(table.name)} select {_listed(columns)}, null, md5(concat({content})), "
            f"{before} + row_number() over () from read_parquet({_literal(str(page.file))})"
        ).fetchone()
        self._position += inserted[0] if inserted else 0

    def _reject_of_parent(self, table: Table, page: CheckedPage, before: int) -> None:
        """Rejected rows of a parent stand under its key, and come complete like its rows."""
        buffer = self._buffers[REJECTED_ROWS.name]
        row_key = json.dumps(page.parent, separators=(",", ":"))
        buffer.parents.append((table.name, row_key, before))
        for rule, row in page.rejected:
            self.rejected += 1
            content = json.dumps(row, sort_keys=True, separators=(",", ":"))
            values = (table.name, row_key, rule, content, self._extracted_at)
            names = [column.name for column in REJECTED_ROWS.columns]
            checked = buffer.checker.check(dict(zip(names, values, strict=True)))
            self._keep(buffer, checked._replace(values=values))
        self._flush_if_full(buffer)

    def count(self, counts: Iterable[SourceCount]) -> None:
        """Keep the source's own counts.

        Raises:
            ConnectorError: a count of a table that is not declared.
        """
        buffer = self._buffers[SOURCE_COUNTS.name]
        for count in counts:
            row = {
                "table_name": self._connector.table(count.table).name,
                "scope": count.scope,
                "source_count": count.count,
                "counted_at": self._extracted_at,
            }
            checked = buffer.checker.check(row)
            if checked.broken:
                raise ConnectorError(f"a count of {count.table} is none: {', '.join(checked.broken)}")
            self._keep(buffer, checked)

    def reject(self, rows: Iterable[RejectedRow]) -> None:
        """Keep rows of bulk tables that were rejected."""
        for row in rows:
            self._reject(self._connector.table(row.table), row.row_key, [row.rule], row.row)

    def changes(self, warehouse: Path, directory: Path, *, is_full_refresh: bool) -> list[Change]:
        """What the walk changes, by table, each with its Parquet file in the directory."""
        for buffer in self._buffers.values():
            self._flush(buffer)
        self._scratch.execute(f"attach {_literal(str(warehouse))} as warehouse (read_only)")
        try:
            tables = [table for table in self._connector.all_tables if not table.is_bulk]
            is_there = {table.name: self._view_standing(table) for table in tables}
            self._settle_rejections()
            return [
                self._change(
                    table, directory, is_new=not is_there[table.name], is_full_refresh=is_full_refresh
                )
                for table in tables
            ]
        finally:
            self._scratch.execute("detach warehouse")

    def _declare(self, table: Table) -> None:
        declared = arrow_schema(table)
        rows = pa.schema([*declared, *_KIT_FIELDS])
        parents = pa.schema([*[declared.field(name) for name in table.complete_within], _POSITION])
        self._create(table.name, rows)
        self._create(f"{table.name}__parents", parents)
        self._buffers[table.name] = _Buffer(
            table, RowChecker(table, _UNHASHED.get(table.name, ())), rows, parents
        )

    def _create(self, name: str, schema: pa.Schema) -> None:
        self._scratch.register("empty", schema.empty_table())
        self._scratch.execute(f"create table {_quoted(name)} as from empty")
        self._scratch.unregister("empty")

    def _keep(self, buffer: _Buffer, row: CheckedRow) -> None:
        self._position += 1
        buffer.rows.append((*row.values, row.row_key, row.row_hash, self._position))

    def _reject(self, table: Table, row_key: str, broken: Sequence[str], content: str) -> None:
        self.rejected += 1
        buffer = self._buffers[REJECTED_ROWS.name]
        buffer.parents.append((table.name, row_key, self._position))
        names = [column.name for column in REJECTED_ROWS.columns]
        for rule in broken:
            values = (table.name, row_key, rule, content, self._extracted_at)
            checked = buffer.checker.check(dict(zip(names, values, strict=True)))
            self._keep(buffer, checked._replace(values=values))
        self._flush_if_full(buffer)

    def _flush_if_full(self, buffer: _Buffer) -> None:
        if len(buffer.rows) + len(buffer.parents) >= _BATCH_ROWS:
            self._flush(buffer)

    def _flush(self, buffer: _Buffer) -> None:
        self._append(buffer.table.name, buffer.row_schema, buffer.rows)
        self._append(f"{buffer.table.name}__parents", buffer.parent_schema, buffer.parents)
        buffer.rows, buffer.parents = [], []

    def _append(self, name: str, schema: pa.Schema, rows: Sequence[tuple[Any, ...]]) -> None:
        if not rows:
            return
        columns = zip(*rows, strict=True)
        arrays = [pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)]
        self._scratch.register("batch", pa.Table.from_arrays(arrays, schema=schema))
        self._scratch.execute(f"insert into {_quoted(name)} from batch")
        self._scratch.unregister("batch")

    def _view_standing(self, table: Table) -> bool:
        """Show the connection's rows of the warehouse in the declared columns; true where all are there."""
        present = self._standing_columns(table)
        described = self._scratch.execute(f"describe {_quoted(table.name)}").fetchall()
        types = {name: type_ for name, type_, *_ in described}
        columns = [*[column.name for column in table.columns], "row_hash"]
        listed = ", ".join(
            f"cast({_quoted(name) if name in present else 'null'} as {types[name]}) as {_quoted(name)}"
            for name in columns
        )
        source = f"warehouse.{_quoted(self._connector.dataset)}.{_quoted(table.name)}"
        relation = f"{source} where connection = {_literal(self._connection)}"
        if not present:
            relation = f"{_quoted(table.name)} where false"
        self._scratch.execute(
            f"create or replace temp view {_standing(table)} as select {listed} from {relation}"
        )
        return set(columns) <= present

    def _standing_columns(self, table: Table) -> set[str]:
        found = self._scratch.execute(
            "select column_name from duckdb_columns() "
            "where database_name = 'warehouse' and schema_name = ? and table_name = ?",
            [self._connector.dataset, table.name],
        ).fetchall()
        return {name for (name,) in found}

    def _settle_rejections(self) -> None:
        """A row that came well, after it was rejected in this walk or before, is rejected no more."""
        for table in self._connector.tables:
            if table.is_bulk:
                continue
            self._scratch.execute(
                f"insert into {_quoted(REJECTED_ROWS.name + '__parents')} "
                f"select {_literal(table.name)}, _key, _position from {_quoted(table.name)} where _key in ("
                f"select row_key from {_standing(REJECTED_ROWS)} where table_name = {_literal(table.name)} "
                f"union select row_key from {REJECTED_ROWS.name} where table_name = {_literal(table.name)})"
            )

    def _change(self, table: Table, directory: Path, *, is_new: bool, is_full_refresh: bool) -> Change:
        columns = _listed([*[column.name for column in table.columns], "row_hash"])
        standing, key = _standing(table), _listed(table.key)
        self._scratch.execute(
            f"create or replace temp table change as with latest as ({self._latest(table)}) "
            f"select {columns}, false as is_removed from latest anti join {standing} using (row_hash) "
            f"union all select {columns}, true from {standing} anti join latest using ({key}) "
            f"where {self._is_gone(table, is_full_refresh)}"
        )
        counted = self._scratch.execute(
            "select count(*) filter (not is_removed), count(*) filter (is_removed) from change"
        ).fetchone()
        loaded, removed = counted or (0, 0)
        file = directory / f"{table.name}.parquet"
        if is_new or loaded or removed:
            extracted_at = f"cast({_literal(self._extracted_at.isoformat())} as timestamptz) as extracted_at"
            connection = f"{_literal(self._connection)} as connection"
            self._scratch.execute(
                f"copy (select *, {connection}, {extracted_at} from change) "
                f"to {_literal(str(file))} (format parquet)"
            )
        return Change(table, loaded, removed, file, is_new)

    def _latest(self, table: Table) -> str:
        """The last version of each key; of parents that came twice, only the rows that came last."""
        source = _quoted(table.name)
        if table.complete_within:
            within = _listed(table.complete_within)
            parents = f"{table.name}__parents"
            source = (
                f"{source} semi join (select {within}, max(_position) as _before from {_quoted(parents)} "
                f"group by {within}) as parents on {source}._position > parents._before and "
                + " and ".join(f"{source}.{_quoted(n)} = parents.{_quoted(n)}" for n in table.complete_within)
            )
        order = f"{_quoted(table.updated)} desc nulls last, " if table.updated else ""
        rank = f"row_number() over (partition by {_listed(table.key)} order by {order}_position desc)"
        return f"select * from {source} qualify {rank} = 1"

    def _is_gone(self, table: Table, is_full_refresh: bool) -> str:
        """Which standing rows that did not come are gone; none, where some that came could not be read."""
        if self._buffers[table.name].has_rejected:
            return "false"
        if is_full_refresh and not table.outlives_source:
            return "true"
        if not table.complete_within:
            return "false"
        within = _listed(table.complete_within)
        return f"({within}) in (select ({within}) from {_quoted(table.name + '__parents')})"

    def _remove_file(self) -> None:
        for path in (self._path, self._path.with_name(f"{self._path.name}.wal")):
            path.unlink(missing_ok=True)


def _standing(table: Table) -> str:
    return _quoted(f"{table.name}__standing")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(_quoted(name) for name in names)


def _quoted(name: str) -> str:
    return f'"{name}"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"

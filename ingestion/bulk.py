"""Takes Parquet files into bulk tables by SQL alone: checks, keyed hashes, duplicates, and the load itself.

Used after a walk came to its end, before dlt's package moves the state: a run that is killed or fails on the
way reads the same files again and finds their rows there. Rows go straight from file to table, for dlt's
merge would write them twice more. Each page is one batch and one transaction, so that memory does not depend
on the number of pages.
"""

# ruff: noqa: S608 - names in the statements are declared ones, expressions come from connectors

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from ingestion.connector import Column, Connector, ConnectorError, DataType, FilePage, Table
from ingestion.identity import EmailHasher

_MEMORY_LIMIT = "800MB"
_MOST_REJECTED = 10_000
_HMAC = "substr(sha256(?::blob || unhex(sha256(?::blob || encode(id)))), 1, 32)"
"""`EmailHasher.hash_id` in SQL, over its pads."""

_KIT_COLUMNS = {"connection": "varchar", "extracted_at": "timestamptz", "row_hash": "varchar"}
_SQL_TYPES: Mapping[DataType, str] = {
    "text": "VARCHAR",
    "bigint": "BIGINT",
    "bool": "BOOLEAN",
    "timestamp": "TIMESTAMP WITH TIME ZONE",
    "double": "DOUBLE",
    "date": "DATE",
    "json": "JSON",
}


class BulkError(Exception):
    """Files cannot be taken in: another layout than the connector expects, or too many broken rows."""


class RejectedRow(NamedTuple):
    """A row that broke its table's declaration: its key and declared columns as JSON, and what it broke."""

    table: str
    row_key: str
    rule: str
    row: str


def declare_bulk_tables(connector: Connector, warehouse: Path) -> None:
    """Make the connector's bulk tables and their columns, as far as they lack."""
    tables = [table for table in connector.tables if table.is_bulk]
    if not tables:
        return
    with duckdb.connect(str(warehouse)) as database:
        database.execute(f'create schema if not exists "{connector.dataset}"')
        for table in tables:
            relation = _relation(connector, table)
            types = {column.name: _SQL_TYPES[column.data_type] for column in table.columns} | _KIT_COLUMNS
            columns = ", ".join(f'"{name}" {kind}' for name, kind in types.items())
            database.execute(f"create table if not exists {relation} ({columns})")
            for name, kind in types.items():
                database.execute(f'alter table {relation} add column if not exists "{name}" {kind}')


@dataclass
class BulkResult:
    """Rows that are new by table, and those that were rejected."""

    loaded: dict[str, int] = field(default_factory=dict)
    rejected: list[RejectedRow] = field(default_factory=list)


@dataclass(frozen=True)
class BulkLoader:
    """What one walk's files are loaded with.

    Attributes:
        connector: whose bulk tables they are.
        connection: its name.
        extracted_at: start of the walk.
        hasher: hashes customers' ids.
        is_replacing: rows that stand are replaced by those that come with their key.
    """

    connector: Connector
    connection: str
    extracted_at: datetime
    hasher: EmailHasher
    is_replacing: bool = False

    def load(self, pages: Sequence[FilePage], warehouse: Path, scratch: Path, result: BulkResult) -> None:
        """Take the pages into the warehouse, one after the other, and add to the result what came of each.

        Raises:
            BulkError: a file lacks a column or cannot be read, which is found out before any page is taken;
                or a page has more broken rows than one would look at.
            ConnectorError: a page breaks the declaration.
        """
        if not pages:
            return
        settings: dict[str, Any] = {"memory_limit": _MEMORY_LIMIT, "temp_directory": str(scratch / "bulk")}
        with duckdb.connect(str(warehouse), config=settings) as database:
            database.execute("set TimeZone = 'UTC'")
            database.execute("set preserve_insertion_order = false")
            database.execute("create temp table hashes (id varchar, hash varchar)")
            for page, query in [(page, self._query(database, page)) for page in pages]:
                self._take(database, page, query, result)

    def _take(
        self, database: duckdb.DuckDBPyConnection, page: FilePage, query: str, result: BulkResult
    ) -> None:
        table = self.connector.table(page.table)
        with _said_of(page):
            database.execute(f"create or replace temp table batch as {query}")
        result.rejected.extend(_rejected(database, table, page.hashed))
        if len(result.rejected) > _MOST_REJECTED:
            raise BulkError(
                f"over {_MOST_REJECTED:,} rows of {table.name} break its declaration, first: "
                f"{result.rejected[0].rule}; the layout of the files has changed"
            )
        self._hash(database, page.hashed)
        # Not before: what a transaction has not committed yet is read and added to at half the speed.
        database.begin()
        loaded = self._insert(database, table, page.hashed)
        database.commit()
        result.loaded[table.name] = result.loaded.get(table.name, 0) + loaded

    def _query(self, database: duckdb.DuckDBPyConnection, page: FilePage) -> str:
        """The page's rows in the declared types; `_broken` says what is wrong with one."""
        table = self.connector.table(page.table)
        if not table.is_bulk or not page.columns.keys() <= {column.name for column in table.columns}:
            raise ConnectorError(f"table {page.table} is not declared for this page of files")
        source = f"read_parquet([{', '.join(_literal(str(file)) for file in page.files)}])"
        given = {column.name: page.columns.get(column.name, "null") for column in table.columns}
        listed = ", ".join(f'{sql} as "{name}"' for name, sql in given.items())
        with _said_of(page):
            described = database.execute(f"describe select {listed} from {source}").fetchall()
        found: dict[str, str] = {name: kind for name, kind, *_ in described}
        values = ", ".join(f'{_cast(each, given, found)} as "{each.name}"' for each in table.columns)
        rules = " ".join(_rules(table, given, found))
        return f"select {values}, case {rules} end as _broken from {source} where {page.where}"

    def _hash(self, database: duckdb.DuckDBPyConnection, columns: Sequence[str]) -> None:
        """Add the hashes of ids that are new; ids repeat so often that each is hashed once in a walk."""
        inner, outer = self.hasher.pads
        for column in columns:
            database.execute(
                f"insert into hashes select id, {_HMAC} "
                f'from (select distinct "{column}" as id from batch where "{column}" is not null) '
                "anti join hashes using (id)",
                [outer, inner],
            )

    def _insert(self, database: duckdb.DuckDBPyConnection, table: Table, hashed: Sequence[str]) -> int:
        relation, own = _relation(self.connector, table), f"connection = {_literal(self.connection)}"
        columns, key = _listed(column.name for column in table.columns), _listed(table.key)
        new = self._new_rows(database, table, hashed)
        if _has_any(
            database, f"from (select {key} from {relation} where {own}) semi join batch using ({key})"
        ):
            if self.is_replacing:
                changed = f"select ({key}) from ({new} except select {columns} from {relation} where {own})"
                database.execute(f"delete from {relation} where {own} and ({key}) in ({changed})")
            new = (
                f"from ({new}) anti join (select {key} from {relation} where {own}) as standing using ({key})"
            )
        inserted = database.execute(
            f"insert into {relation} ({columns}, connection, extracted_at) select *, ?, ? from ({new})",
            [self.connection, self.extracted_at],
        ).fetchone()
        return int(inserted[0]) if inserted else 0

    @staticmethod
    def _new_rows(database: duckdb.DuckDBPyConnection, table: Table, hashed: Sequence[str]) -> str:
        """The query of the batch's good rows, hashed; duplicates cost something only where there are any."""
        key = _listed(table.key)
        rows = "from batch where _broken is null"
        if _has_any(database, f"select 1 {rows} group by {key} having count(*) > 1"):
            order = f'order by "{table.updated}" desc' if table.updated else ""
            rows += f" qualify row_number() over (partition by {key} {order}) = 1"
        names = [column.name for column in table.columns]
        values = [f"{name}_hash.hash as {name}" if name in hashed else f'good."{name}"' for name in names]
        joins = [f'left join hashes as {name}_hash on good."{name}" = {name}_hash.id' for name in hashed]
        return f"select {', '.join(values)} from ({rows}) as good {' '.join(joins)}"


@contextmanager
def _said_of(page: FilePage) -> Iterator[None]:
    """Turn DuckDB's errors into one sentence; only what it says of columns is free of the rows' content."""
    try:
        yield
    except duckdb.Error as error:
        is_about_columns = isinstance(error, duckdb.BinderException)
        reason = str(error).splitlines()[0] if is_about_columns else type(error).__name__
    else:
        return
    raise BulkError(f"{page.files[0].name} cannot be read as {page.table}: {reason}")


def _cast(column: Column, given: Mapping[str, str], found: Mapping[str, str]) -> str:
    kind, sql = _SQL_TYPES[column.data_type], given[column.name]
    return sql if found[column.name] == kind else f"try_cast({sql} as {kind})"


def _rules(table: Table, given: Mapping[str, str], found: Mapping[str, str]) -> Iterator[str]:
    """What may be wrong with a row, as branches of a `case`: what is missing, and what is of another type."""
    for column in table.columns:
        sql, cast = given[column.name], _cast(column, given, found)
        if column.name in table.key or not column.nullable:
            yield f"when ({sql}) is null then {_literal(f'{column.name}: is missing')}"
        if cast != sql:
            text = f"{column.name}: expected {column.data_type}, got {found[column.name]}"
            yield f"when ({sql}) is not null and {cast} is null then {_literal(text)}"


def _rejected(
    database: duckdb.DuckDBPyConnection, table: Table, hashed: Sequence[str]
) -> Iterator[RejectedRow]:
    """The batch's broken rows; ids that only their hashes may leave are left out of what is shown."""
    shown = _listed(column.name for column in table.columns if column.name not in hashed)
    key = _listed(table.key)
    found: list[tuple[Any, ...]] = database.execute(
        f"select to_json([{key}]), _broken, to_json(struct_pack({shown})) from batch "
        f"where _broken is not null limit {_MOST_REJECTED + 1}"
    ).fetchall()
    for row_key, rule, row in found:
        yield RejectedRow(table.name, row_key, rule, row)


def _relation(connector: Connector, table: Table) -> str:
    return f'"{connector.dataset}"."{table.name}"'


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _has_any(database: duckdb.DuckDBPyConnection, query: str) -> bool:
    return database.execute(f"{query} limit 1").fetchone() is not None


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"

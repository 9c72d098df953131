"""The published DuckDB file: a copy of what readers may see, and nothing else.

Tables are copied in bulk by DuckDB itself, sorted, with the descriptions that dbt left as comments. The build
file is only ever read, and no connection to it stays open.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

SCHEMAS = ("marts", "metrics")
"""What is published; a schema that the warehouse does not have is left out."""

STORAGE_VERSION = "v1.0.0"
"""Written so that any DuckDB from 1.0 on can read it: BI tools carry clients that are years old."""

_SOURCE = "warehouse"
_SNAPSHOT = "snapshot"


@dataclass(frozen=True)
class Column:
    """A column as readers see it; `type` is DuckDB's, `description` None where none was given."""

    name: str
    type: str
    description: str | None


@dataclass(frozen=True)
class Table:
    """A published table; `row_count` is of the snapshot."""

    schema: str
    name: str
    description: str | None
    row_count: int
    columns: tuple[Column, ...]

    @property
    def qualified(self) -> str:
        """Name in the snapshot, quoted for SQL."""
        return f"{_SNAPSHOT}.{identifier(self.schema)}.{identifier(self.name)}"


def identifier(name: str) -> str:
    """`name` quoted as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str) -> str:
    """`value` quoted as an SQL string."""
    return "'" + value.replace("'", "''") + "'"


@contextmanager
def attached(warehouse: Path, target: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that reads `warehouse` and writes the new file `target`; both are closed after."""
    connection = duckdb.connect(":memory:", config={"temp_directory": str(target.parent / "spill")})
    try:
        connection.execute("set timezone = 'UTC'")
        connection.execute(f"attach {literal(str(warehouse))} as {_SOURCE} (read_only)")
        connection.execute(
            f"attach {literal(str(target))} as {_SNAPSHOT} (storage_version {literal(STORAGE_VERSION)})"
        )
        yield connection
        connection.execute(f"checkpoint {_SNAPSHOT}")
        connection.execute(f"detach {_SNAPSHOT}")
    finally:
        connection.close()


def readable_relations(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """(schema, name) of all tables and views of SCHEMAS in the attached warehouse, in order."""
    return connection.execute(
        "select table_schema, table_name from information_schema.tables"
        " where table_catalog = $source and table_schema in (select unnest($schemas)) order by all",
        {"source": _SOURCE, "schemas": list(SCHEMAS)},
    ).fetchall()


def copy_tables(
    connection: duckdb.DuckDBPyConnection, relations: Sequence[tuple[str, str]]
) -> tuple[Table, ...]:
    """Copy the relations with their descriptions into the snapshot, and tell what it now holds.

    Rows are sorted by all columns, of which the first is the key: equal marts are then stored in equal order,
    whatever order they were built in.
    """
    for schema in sorted({schema for schema, _ in relations}):
        connection.execute(f"create schema {_SNAPSHOT}.{identifier(schema)}")
    return tuple(_copy(connection, schema, name) for schema, name in relations)


def _copy(connection: duckdb.DuckDBPyConnection, schema: str, name: str) -> Table:
    relation = f"{identifier(schema)}.{identifier(name)}"
    target = f"{_SNAPSHOT}.{relation}"
    connection.execute(f"create table {target} as from {_SOURCE}.{relation} order by all")
    columns = _columns(connection, schema, name)
    for column in columns:
        if column.description:
            connection.execute(
                f"comment on column {target}.{identifier(column.name)} is {literal(column.description)}"
            )
    description = _description(connection, schema, name)
    if description:
        connection.execute(f"comment on table {target} is {literal(description)}")
    (row_count,) = connection.execute(f"select count(*) from {target}").fetchall()[0]
    return Table(schema, name, description, row_count, columns)


def _columns(connection: duckdb.DuckDBPyConnection, schema: str, name: str) -> tuple[Column, ...]:
    rows = connection.execute(
        "select column_name, data_type, comment from duckdb_columns()"
        " where database_name = $source and schema_name = $schema and table_name = $name"
        " order by column_index",
        {"source": _SOURCE, "schema": schema, "name": name},
    ).fetchall()
    return tuple(Column(*row) for row in rows)


def _description(connection: duckdb.DuckDBPyConnection, schema: str, name: str) -> str | None:
    rows = connection.execute(
        "select comment from duckdb_tables()"
        " where database_name = $source and schema_name = $schema and table_name = $name"
        " union all select comment from duckdb_views()"
        " where database_name = $source and schema_name = $schema and view_name = $name",
        {"source": _SOURCE, "schema": schema, "name": name},
    ).fetchall()
    return rows[0][0] if rows else None

"""The published DuckDB file: a copy of what readers may see, and nothing else.

Tables are copied in bulk by DuckDB itself, sorted, with their descriptions as comments. The build file is
only ever read, and no connection to it stays open.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

SCHEMAS = ("marts", "metrics")
"""What is published; a schema that the warehouse does not have is left out."""

STORAGE_VERSION = "v1.0.0"
"""Written so that any DuckDB from 1.0 on can read it: BI tools carry clients that are years old."""

Descriptions = Mapping[str, tuple[str, Mapping[str, str]]]
"""Relation ("schema.table") → what one row of it is, and column → what it means."""

_SOURCE = "warehouse"
_SNAPSHOT = "snapshot"


@dataclass(frozen=True)
class Column:
    """A column as readers see it; `type` is DuckDB's, `description` None where none was given."""

    name: str
    type: str
    description: str | None


@dataclass(frozen=True)
class Relation:
    """A mart or metric as readers see it, always a table there; `description` None where none was given."""

    schema: str
    name: str
    description: str | None
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


def readable_relations(connection: duckdb.DuckDBPyConnection) -> list[Relation]:
    """All tables and views of SCHEMAS in the attached warehouse, in order, described by their comments."""
    within = f"database_name = '{_SOURCE}' and schema_name in ({', '.join(map(literal, SCHEMAS))})"
    comments = connection.execute(
        f"select schema_name, table_name, comment from duckdb_tables() where {within}"
        f" union all select schema_name, view_name, comment from duckdb_views() where {within} order by all"
    ).fetchall()
    columns: dict[tuple[str, str], list[Column]] = {(schema, name): [] for schema, name, _ in comments}
    for schema, name, *column in connection.execute(
        "select schema_name, table_name, column_name, data_type, comment from duckdb_columns()"
        f" where {within} order by schema_name, table_name, column_index"
    ).fetchall():
        columns[schema, name].append(Column(*column))
    return [
        Relation(schema, name, comment, tuple(columns[schema, name])) for schema, name, comment in comments
    ]


def described(relation: Relation, descriptions: Descriptions) -> Relation:
    """The relation with the descriptions that are given for it; its own comments stay for the others."""
    of_relation, of_columns = descriptions.get(f"{relation.schema}.{relation.name}", ("", {}))
    columns = (
        replace(column, description=of_columns.get(column.name) or column.description)
        for column in relation.columns
    )
    return replace(relation, description=of_relation or relation.description, columns=tuple(columns))


def copy_tables(connection: duckdb.DuckDBPyConnection, relations: Sequence[Relation]) -> dict[Relation, int]:
    """Copy the relations with their descriptions into the snapshot; returns how many rows each now has.

    Rows are sorted by all columns, of which the first is the key: equal marts are then stored in equal order,
    whatever order they were built in.
    """
    for schema in sorted({relation.schema for relation in relations}):
        connection.execute(f"create schema {_SNAPSHOT}.{identifier(schema)}")
    for relation in relations:
        source = f"{_SOURCE}.{identifier(relation.schema)}.{identifier(relation.name)}"
        connection.execute(f"create table {relation.qualified} as from {source} order by all")
        connection.execute(";".join(_comments(relation)) or "select 1")
    return {relation: _count(connection, relation) for relation in relations}


def _count(connection: duckdb.DuckDBPyConnection, relation: Relation) -> int:
    counted = connection.execute(f"select count(*) from {relation.qualified}").fetchone()
    return int(counted[0]) if counted else 0


def _comments(relation: Relation) -> Iterator[str]:
    if relation.description:
        yield f"comment on table {relation.qualified} is {literal(relation.description)}"
    for column in relation.columns:
        if column.description:
            target = f"{relation.qualified}.{identifier(column.name)}"
            yield f"comment on column {target} is {literal(column.description)}"

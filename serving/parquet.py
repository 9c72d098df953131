"""The published Parquet files: one for each table, for readers that do not speak DuckDB.

Written by DuckDB from the snapshot, whose rows are sorted: equal tables give equal bytes, so that a reader
who keeps a file's sha256 knows whether anything changed.
"""

from collections.abc import Iterable
from pathlib import Path

import duckdb

from serving.snapshot import Table, literal


def path_of(table: Table) -> Path:
    """Where a table's file is, below the published folder."""
    return Path("parquet", table.schema, f"{table.name}.parquet")


def write_files(connection: duckdb.DuckDBPyConnection, tables: Iterable[Table], folder: Path) -> None:
    """Write each table of the attached snapshot to its file below `folder`."""
    for table in tables:
        target = folder / path_of(table)
        target.parent.mkdir(parents=True, exist_ok=True)
        connection.execute(
            f"copy (from {table.qualified}) to {literal(str(target))} (format parquet, compression zstd)"
        )

"""The published Parquet files: one for each table, for readers that do not speak DuckDB.

Written by DuckDB from the snapshot, whose rows are sorted: equal tables give equal bytes, so that a reader
who keeps a file's sha256 knows whether anything changed.
"""

from collections.abc import Iterable
from pathlib import Path

import duckdb

from serving.snapshot import Relation, literal


def path_of(relation: Relation) -> Path:
    """Where a table's file is, below the published folder."""
    return Path("parquet", relation.schema, f"{relation.name}.parquet")


def write_files(connection: duckdb.DuckDBPyConnection, relations: Iterable[Relation], folder: Path) -> None:
    """Write each table of the attached snapshot to its file below `folder`."""
    for relation in relations:
        target = folder / path_of(relation)
        target.parent.mkdir(parents=True, exist_ok=True)
        connection.execute(
            f"copy (from {relation.qualified}) to {literal(str(target))} (format parquet, compression zstd)"
        )

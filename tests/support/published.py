"""What a run published, in a form that two runs can be compared by."""

import json
from pathlib import Path
from typing import Any

import duckdb


def manifest(home: Path) -> dict[str, Any]:
    """The manifest beside the published tables."""
    content: dict[str, Any] = json.loads((home / "published" / "manifest.json").read_text(encoding="utf-8"))
    return content


def marts(home: Path) -> dict[str, list[str]]:
    """Every published mart's rows as text, in an order that does not depend on how they were written."""
    with duckdb.connect(str(home / "published" / "flowgauge.duckdb"), read_only=True) as connection:
        names = connection.execute(
            "select table_name from information_schema.tables where table_schema = 'marts' order by 1"
        ).fetchall()
        return {
            name: sorted(str(row) for row in connection.execute(f'select * from marts."{name}"').fetchall())
            for (name,) in names
        }


def query(home: Path, sql: str) -> list[dict[str, Any]]:
    """Rows of a query on the published snapshot."""
    with duckdb.connect(str(home / "published" / "flowgauge.duckdb"), read_only=True) as connection:
        cursor = connection.execute(sql)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

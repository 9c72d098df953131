"""A warehouse whose raw tables stand as declared, empty or with the few rows that a test names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from ingestion.connector import REJECTED_ROWS, Table, connectors
from ingestion.organisation import load_organisation
from ingestion.settings import load_settings
from transform.runner import provided_entities

SETTINGS = """
reporting_timezone: UTC
connections:
  - name: acme
    connector: github
    base_url: http://127.0.0.1:9
    token: ${TOKEN}
    repositories: [acme/checkout]
bots: [reviewbot]
"""
TYPES = {"bool": "boolean", "timestamp": "timestamptz"}
EXTRACTED_AT = "2026-03-09 06:00:00+00"


def provided_by_each() -> dict[str, list[str]]:
    """What each connector provides, as dbt is told it: one set for many tests, so that it is parsed once."""
    return {name: provided_entities(name) for name in connectors()}


def raw_warehouse(folder: Path, rows: Mapping[str, Sequence[Mapping[str, Any]]] | None = None) -> Path:
    """A warehouse in `folder`: `raw_flowgauge` of the settings above, and the raw tables of all connectors.

    Args:
        folder: where `warehouse.duckdb` and `flowgauge.yaml` are made.
        rows: GitHub's raw table -> rows; the columns of the connector kit are filled in.
    """
    warehouse = folder / "warehouse.duckdb"
    settings = folder / "flowgauge.yaml"
    settings.write_text(SETTINGS.replace("${TOKEN}", "${FLOWGAUGE_TEST_TOKEN}"), encoding="utf-8")
    load_organisation(load_settings(settings), warehouse, today=date(2026, 3, 9))
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute(
            "insert into raw_flowgauge.runs values ('r1', '2026-03-09 06:00', '2026-03-09 06:00')"
        )
        for name, connector in connectors().items():
            connection.execute(f"create schema raw_{name}")
            for table in (*connector.tables, REJECTED_ROWS):
                _create(connection, f"raw_{name}.{table.name}", table)
        for table_name, given in (rows or {}).items():
            for row in given:
                _insert(connection, table_name, row)
    return warehouse


def _create(connection: duckdb.DuckDBPyConnection, name: str, table: Table) -> None:
    declared = [
        f'"{column.name}" {TYPES.get(column.data_type, column.data_type)}' for column in table.columns
    ]
    columns = ["connection text", *declared, "extracted_at timestamptz", "row_hash text"]
    connection.execute(f"create table {name} ({', '.join(columns)})")


def _insert(connection: duckdb.DuckDBPyConnection, table: str, row: Mapping[str, Any]) -> None:
    filled = {"connection": "acme", "extracted_at": EXTRACTED_AT, **row}
    names = ", ".join(f'"{name}"' for name in filled)
    marks = ", ".join("?" for _ in filled)
    connection.execute(
        f"insert into raw_github.{table} ({names}) values ({marks})",
        list(filled.values()),
    )

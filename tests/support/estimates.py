"""The models that estimate latencies, run over cohorts that a test makes up."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from transform.runner import DbtProject

Item = tuple[str, int]
COLUMNS = "kind varchar, subject varchar, cohort varchar, week_start date, scope varchar, scope_key varchar"


class Estimator:
    """The models that estimate, over cohorts that a test makes up."""

    def __init__(self, folder: Path) -> None:
        self.project = DbtProject(folder / "warehouse.duckdb", folder / "target", {})
        self.cohorts: list[list[Item]] = []

    def add(self, items: list[Item]) -> int:
        self.cohorts.append(items)
        return len(self.cohorts) - 1

    def run(self) -> None:
        with duckdb.connect(str(self.project.warehouse)) as connection:
            connection.execute("create schema if not exists intermediate")
            connection.execute(
                "create table intermediate.int_metrics__cohorts"
                f" ({COLUMNS}, outcome varchar, duration_seconds bigint)"
            )
            connection.execute(
                "create table intermediate.int_metrics__weeks as"
                " select date '2026-01-05' as week_start, true as is_over"
            )
            rows = [
                ("stage", str(number), "arrivals", date(2026, 1, 5), "organisation", "all", outcome, seconds)
                for number, items in enumerate(self.cohorts)
                for outcome, seconds in items
            ]
            columns = pa.table(list(zip(*rows, strict=True)), [str(place) for place in range(len(rows[0]))])
            connection.register("rows_to_insert", columns)
            connection.execute("insert into intermediate.int_metrics__cohorts from rows_to_insert")
        self.project.invoke(["run", "--select", "int_metrics__incidence", "int_metrics__latency_estimates"])

    def query(self, query: str) -> list[dict[str, Any]]:
        with duckdb.connect(str(self.project.warehouse), read_only=True) as connection:
            cursor = connection.execute(query)
            names = [column[0] for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def steps(self, number: int) -> list[dict[str, Any]]:
        return self.query(
            f"from intermediate.int_metrics__incidence where subject = '{number}' order by duration_seconds"
        )

    def estimate(self, number: int) -> dict[str, Any]:
        return self.query(f"from intermediate.int_metrics__latency_estimates where subject = '{number}'")[0]

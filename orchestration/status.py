"""`flowgauge status`: how fresh each connection is and what is published, without touching the warehouse.

It reads the ledger and what readers read, so that it answers at once and while a run is writing.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ingestion.settings import Settings
from orchestration.due import Due, what_is_due
from orchestration.home import Home
from orchestration.ledger import ConnectionRecord, Ledger
from orchestration.lock import busy_holder
from orchestration.times import now, reporting_day

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


PROVISIONAL = {"is_final": "not is_final", "is_open": "is_open"}
"""Columns by which a table says which of its rows can still change, and the rows that can."""


@dataclass(frozen=True)
class MartStatus:
    """One published table.

    Attributes:
        name: schema and table.
        rows: rows published.
        provisional_rows: rows that later data can still change (not `is_final`, or `is_open`); None where the
            table has no such column.
    """

    name: str
    rows: int
    provisional_rows: int | None

    @property
    def is_final(self) -> bool | None:
        """Whether no row is provisional."""
        return None if self.provisional_rows is None else self.provisional_rows == 0


@dataclass(frozen=True)
class Status:
    """Everything `flowgauge status` tells; instants are UTC, durations seconds.

    Attributes:
        connections: what the ledger knows of each connection of the settings (without settings, of all that
            were loaded); None where never tried.
        as_of: the instant that the published marts speak for.
        marts: published tables.
        pending: why a build is due; None where what is published is up to date.
        writer: process that is writing at this moment.
    """

    connections: dict[str, ConnectionRecord | None]
    as_of: datetime | None
    marts: list[MartStatus]
    pending: str | None
    writer: int | None

    def as_json(self) -> dict[str, Any]:
        """For scripts."""
        at = now()
        return {
            "connections": {
                name: record and {**record.model_dump(mode="json"), "age_seconds": age_seconds(record, at)}
                for name, record in self.connections.items()
            },
            "as_of": self.as_of and self.as_of.isoformat(),
            "marts": [{**asdict(mart), "is_final": mart.is_final} for mart in self.marts],
            "pending": self.pending,
            "writer": self.writer,
        }


def age_seconds(record: ConnectionRecord, at: datetime) -> int | None:
    """Seconds since the instant up to which the connection is loaded."""
    return int((at - record.loaded_through_at).total_seconds()) if record.loaded_through_at else None


def read_status(settings: Settings | None, home: Home) -> Status:
    """The status of a home under its settings; without any, of what was loaded, and nothing is due."""
    ledger = Ledger.read(home.ledger)
    holder = busy_holder(home.lock)
    due = _due(settings.reporting_timezone, ledger) if settings else None
    names = [each.name for each in settings.connections] if settings else sorted(ledger.connections)
    return Status(
        connections={name: ledger.connections.get(name) for name in names},
        as_of=ledger.published.as_of if ledger.published else None,
        marts=_marts(home),
        pending=due.reason if due else None,
        writer=holder.pid if holder else None,
    )


def _due(zone: str, ledger: Ledger) -> Due | None:
    models = ledger.published.models if ledger.published else ""
    return what_is_due(ledger, day=reporting_day(now(), zone), zone=zone, models=models)


def _marts(home: Home) -> list[MartStatus]:
    """From the manifest and the copy that readers have; either may be replaced meanwhile, neither half."""
    folder = home.published.resolve()
    manifest = folder / "manifest.json"
    if not manifest.exists():
        return []
    import duckdb

    tables = json.loads(manifest.read_text(encoding="utf-8"))["tables"]
    with duckdb.connect(str(folder / "flowgauge.duckdb"), read_only=True) as connection:
        return [_mart(connection, table) for table in tables]


def _mart(connection: DuckDBPyConnection, table: dict[str, Any]) -> MartStatus:
    name = f"{table['schema']}.{table['name']}"
    columns = {column["name"] for column in table["columns"]}
    provisional = next((rule for column, rule in PROVISIONAL.items() if column in columns), None)
    count = (
        provisional
        and connection.execute(
            f"select count(*) from {name} where {provisional}"  # noqa: S608 - names from our own manifest
        ).fetchone()
    )
    return MartStatus(name, table["row_count"], count[0] if count else None)

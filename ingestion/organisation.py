"""The dataset `raw_flowgauge`: what the settings declare, and what became of runs and loads.

Facts of the settings are data like any other, but no vendor tells them: they are written straight into the
warehouse, all at once, and only when their content has changed. Instants are UTC without an offset.
"""

# ruff: noqa: S608 - names in the statements are those of the tables below

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Literal

import duckdb
import pyarrow as pa

from ingestion.calendars import calendars, reporting_days
from ingestion.settings import Settings

DATASET = "raw_flowgauge"
Outcome = Literal["succeeded", "unchanged", "failed"]
Rows = list[dict[str, Any]]

_TEXT, _DATE, _AT, _COUNT, _FLAG, _NUMBER = "text", "date", "timestamp", "bigint", "boolean", "double"
_FACTS: Mapping[str, Mapping[str, str]] = {
    "teams": {"team": _TEXT, "calendar": _TEXT, "valid_from": _DATE, "valid_to": _DATE},
    "team_members": {
        "team": _TEXT,
        "login": _TEXT,
        "connection": _TEXT,
        "valid_from": _DATE,
        "valid_to": _DATE,
    },
    "team_repositories": {"team": _TEXT, "repository": _TEXT, "valid_from": _DATE, "valid_to": _DATE},
    "services": {
        "service": _TEXT,
        "repository": _TEXT,
        "path_prefix": _TEXT,
        "team": _TEXT,
        "valid_from": _DATE,
        "valid_to": _DATE,
    },
    "service_environments": {"service": _TEXT, "environment": _TEXT, "is_production": _FLAG},
    "repository_rules": {
        "repository": _TEXT,
        "branch": _TEXT,
        "required_approvals": _COUNT,
        "required_checks": _TEXT,
    },
    "bots": {"login": _TEXT, "connection": _TEXT, "kind": _TEXT},
    "calendar_days": {
        "calendar": _TEXT,
        "valid_from": _DATE,
        "local_date": _DATE,
        "work_start_at": _AT,
        "work_end_at": _AT,
        "cumulative_seconds": _COUNT,
    },
    "reporting_days": {
        "date_day": _DATE,
        "starts_at": _AT,
        "ends_at": _AT,
        "week_start": _DATE,
        "iso_week": _TEXT,
    },
    "targets": {"name": _TEXT, "value": _NUMBER, "unit": _TEXT},
    "settings": {"reporting_timezone": _TEXT, "content_hash": _TEXT},
}
_LEDGERS: Mapping[str, Mapping[str, str]] = {
    "runs": {"run_id": _TEXT, "started_at": _AT, "as_of": _AT},
    "connections": {
        "connection": _TEXT,
        "connector": _TEXT,
        "base_url": _TEXT,
        "loaded_through_at": _AT,
        "history_start_at": _AT,
        "last_attempt_at": _AT,
        "last_outcome": _TEXT,
        "last_error": _TEXT,
    },
}
_ARROW_TYPES = {
    _TEXT: pa.string(),
    _DATE: pa.date32(),
    _AT: pa.timestamp("us"),
    _COUNT: pa.int64(),
    _FLAG: pa.bool_(),
    _NUMBER: pa.float64(),
}


@dataclass(frozen=True)
class Run:
    """A run that built: its id, start, and the instant that its figures are true for (UTC)."""

    run_id: str
    started_at: datetime
    as_of: datetime


@dataclass(frozen=True)
class ConnectionState:
    """What became of a connection's loads; instants are UTC, None where there was none yet."""

    connection: str
    connector: str
    base_url: str
    loaded_through_at: datetime | None
    history_start_at: datetime | None
    last_attempt_at: datetime | None
    last_outcome: Outcome | None
    last_error: str | None


def load_organisation(settings: Settings, warehouse: Path, *, today: date | None = None) -> bool:
    """Write the organisation's facts if they differ from what stands; days reach to the end of next year.

    Args:
        settings: the settings.
        warehouse: DuckDB file, made where it lacks.
        today: decides which year is next; the current day by default.

    Returns:
        Whether anything was written.
    """
    last_day = date((today or datetime.now(UTC).date()).year + 1, 12, 31)
    content_hash = _content_hash(settings, last_day)
    with _transaction(warehouse) as connection:
        if _standing_hash(connection) == content_hash:
            return False
        for name, rows in _facts(settings, last_day, content_hash).items():
            _replace(connection, name, rows)
        _settle_connections(connection, settings)
    return True


def record_run(warehouse: Path, *, run_id: str, started_at: datetime, as_of: datetime) -> None:
    """Remember a run; one that is resumed under the same id replaces what it said before."""
    with _transaction(warehouse) as connection:
        connection.execute(f"delete from {DATASET}.runs where run_id = ?", [run_id])
        connection.execute(
            f"insert into {DATASET}.runs values (?, ?, ?)", [run_id, _utc(started_at), _utc(as_of)]
        )


def record_connection(
    warehouse: Path,
    connection: str,
    *,
    outcome: Outcome,
    attempted_at: datetime,
    loaded_through_at: datetime | None = None,
    history_start_at: datetime | None = None,
    error: str | None = None,
) -> None:
    """Remember the outcome of an attempt to load; what is not given stays as it was, the error excepted."""
    with _transaction(warehouse) as database:
        database.execute(
            f"update {DATASET}.connections set last_outcome = ?, last_attempt_at = ?, last_error = ?, "
            "loaded_through_at = coalesce(?, loaded_through_at), "
            "history_start_at = coalesce(?, history_start_at) where connection = ?",
            [
                outcome,
                _utc(attempted_at),
                error,
                _utc(loaded_through_at),
                _utc(history_start_at),
                connection,
            ],
        )


def latest_run(warehouse: Path) -> Run | None:
    """The run that started last, None before the first."""
    query = f"select run_id, started_at, as_of from {DATASET}.runs order by started_at desc, run_id limit 1"
    for run_id, started_at, as_of in _read(warehouse, query):
        return Run(run_id, _aware(started_at), _aware(as_of))
    return None


def connection_states(warehouse: Path) -> list[ConnectionState]:
    """All connections by name, empty before the first run."""
    query = f"select {', '.join(_LEDGERS['connections'])} from {DATASET}.connections order by connection"
    return [ConnectionState(*map(_offset, row)) for row in _read(warehouse, query)]


def _facts(settings: Settings, last_day: date, content_hash: str) -> dict[str, Rows]:
    """Rows of each table that the settings alone decide."""
    return {
        **_team_facts(settings),
        **_service_facts(settings),
        "bots": [bot.model_dump() for bot in settings.bots],
        "calendar_days": [day for calendar in calendars(settings) for day in calendar.days(last_day)],
        "reporting_days": list(reporting_days(settings.zone, last_day)),
        "targets": [
            {"name": name, "value": value, "unit": name.rpartition("_")[2]}
            for name, value in settings.targets.model_dump().items()
        ],
        "settings": [{"reporting_timezone": settings.reporting_timezone, "content_hash": content_hash}],
    }


def _team_facts(settings: Settings) -> dict[str, Rows]:
    """A member or repository without days of its own has those of its team's entry."""
    teams: Rows = []
    members: Rows = []
    repositories: Rows = []
    for team in settings.teams:
        days = {"valid_from": team.valid_from, "valid_to": team.valid_to}
        teams.append({"team": team.name, "calendar": team.name, **days})
        for member in team.members:
            members.append({"team": team.name, **days, **member.model_dump(exclude_none=True)})
        for repository in team.repositories:
            repositories.append({"team": team.name, **days, **repository.model_dump(exclude_none=True)})
    return {"teams": teams, "team_members": members, "team_repositories": repositories}


def _service_facts(settings: Settings) -> dict[str, Rows]:
    services: Rows = []
    environments: dict[tuple[str, str], bool] = {}
    rules: dict[tuple[str, str | None], dict[str, Any]] = {}
    for service in settings.services:
        shared = service.model_dump(include={"repository", "team", "valid_from", "valid_to"})
        for path in service.paths or (None,):
            services.append({"service": service.name, "path_prefix": path, **shared})
        for environment in service.other_environments:
            environments.setdefault((service.name, environment), False)
        for environment in service.production_environments:
            environments[service.name, environment] = True
        checks = service.required_checks
        if service.required_approvals is not None or checks is not None:
            rules[service.repository, service.branch] = {
                "required_approvals": service.required_approvals,
                "required_checks": None if checks is None else json.dumps(checks),
            }
    return {
        "services": services,
        "service_environments": [
            {"service": service, "environment": environment, "is_production": is_production}
            for (service, environment), is_production in environments.items()
        ],
        "repository_rules": [
            {"repository": repository, "branch": branch, **rule}
            for (repository, branch), rule in rules.items()
        ],
    }


def _content_hash(settings: Settings, last_day: date) -> str:
    """Over all that decides the content, the layout of the tables included; no secret is among it."""
    facts = settings.model_dump(mode="json", exclude={"connections"})
    names = [(each.name, each.connector, each.address, each.previous_name) for each in settings.connections]
    content = json.dumps([facts, names, last_day.isoformat(), _FACTS, _LEDGERS], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()


def _standing_hash(connection: duckdb.DuckDBPyConnection) -> str | None:
    exists = connection.execute(
        "select count(*) from duckdb_tables() where schema_name = ? and table_name = 'settings'", [DATASET]
    ).fetchone()
    if exists == (0,):
        return None
    row = connection.execute(f"select content_hash from {DATASET}.settings").fetchone()
    return str(row[0]) if row else None


def _replace(connection: duckdb.DuckDBPyConnection, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
    columns = _FACTS[name]
    listed = ", ".join(f"{column} {type_}" for column, type_ in columns.items())
    connection.execute(f"create or replace table {DATASET}.{name} ({listed})")
    schema = pa.schema([(column, _ARROW_TYPES[type_]) for column, type_ in columns.items()])
    connection.register("facts", pa.Table.from_pylist(list(rows), schema=schema))
    connection.execute(f"insert into {DATASET}.{name} by name from facts")
    connection.unregister("facts")


def _settle_connections(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """One row per connection of the settings; what is known of its loads stays, also under a new name."""
    table = f"{DATASET}.connections"
    standing = {name for (name,) in connection.execute(f"select connection from {table}").fetchall()}
    for each in settings.connections:
        if each.previous_name in standing and each.name not in standing:
            connection.execute(
                f"update {table} set connection = ? where connection = ?", [each.name, each.previous_name]
            )
        elif each.name not in standing:
            connection.execute(f"insert into {table} (connection) values (?)", [each.name])
        connection.execute(
            f"update {table} set connector = ?, base_url = ? where connection = ?",
            [each.connector, each.address, each.name],
        )
    names = [each.name for each in settings.connections]
    connection.execute(f"delete from {table} where not list_contains(?, connection)", [names])


@contextmanager
def _transaction(warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """All or nothing, with the ledgers there."""
    warehouse.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(warehouse)) as connection:
        connection.begin()
        connection.execute(f"create schema if not exists {DATASET}")
        for name, columns in _LEDGERS.items():
            listed = ", ".join(f"{column} {type_}" for column, type_ in columns.items())
            connection.execute(f"create table if not exists {DATASET}.{name} ({listed})")
        yield connection
        connection.commit()


def _read(warehouse: Path, query: str) -> list[tuple[Any, ...]]:
    if not warehouse.exists():
        return []
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        try:
            return connection.execute(query).fetchall()
        except duckdb.CatalogException:
            return []


def _utc(at: datetime | None) -> datetime | None:
    return None if at is None else at.astimezone(UTC).replace(tzinfo=None, microsecond=0)


def _offset(value: Any) -> Any:
    return _aware(value) if isinstance(value, datetime) else value


def _aware(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC)

"""The steps of `ingest`: the organisation facts, and one step for each connection.

A step yields a materialization for each table that got new or changed rows, and nothing where nothing was
new, so that what is built from it is built only then. No step depends on another: one that fails keeps no
other from being loaded. Tables that a source is asked for by day have a second step, which reads days again.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import dagster as dg

from ingestion.connector import Connector, connector_of
from orchestration.days import days_of, report_days, tables_by_day
from orchestration.keys import FACTS_GROUP, LOADS, ORGANISATION, python_name, raw_key, raw_tables
from orchestration.ledger import ConnectionRecord, Outcome
from orchestration.resources import Warehouse

if TYPE_CHECKING:
    from ingestion.pipeline import LoadError, LoadResult
    from ingestion.settings import BaseConnectionSettings, Settings

FIRST = {"dagster/priority": "1"}
SETTINGS = "flowgauge.yaml"
"""Stands among the connections that are being loaded; no connection can have this name."""


class LoadConfig(dg.Config):
    """What a load re-reads; by default what is new since the last one."""

    since: str | None = None
    full_refresh: bool = False


def organisation_step(settings: "Settings", pool: str | None) -> dg.AssetsDefinition:
    """The step that loads what the settings declare: teams, services, calendars, targets."""

    @dg.multi_asset(
        name="load_organisation",
        specs=[
            dg.AssetSpec(
                ORGANISATION,
                description="One row per fact of the settings: teams, services, calendars, targets.",
                group_name=FACTS_GROUP,
                skippable=True,
            )
        ],
        pool=pool,
        op_tags=FIRST,
    )
    def load_organisation(
        context: dg.AssetExecutionContext, warehouse: Warehouse
    ) -> Iterator[dg.MaterializeResult[Any]]:
        from ingestion.organisation import load_organisation as load

        warehouse.claim(context)
        with warehouse.changing_ledger() as ledger:
            ledger.begin_load(SETTINGS, warehouse.started_at)
        is_written = load(settings, warehouse.home.warehouse)
        with warehouse.changing_ledger() as ledger:
            is_changed = ledger.end_load(SETTINGS, warehouse.started_at, is_changed=is_written)
        context.log.info(f"organisation facts: {'changed' if is_changed else 'nothing new'}")
        # The daemon builds when something was materialized: so it hears of a build that has to be made again.
        if is_changed or not ledger.is_build_finished:
            yield dg.MaterializeResult(asset_key=ORGANISATION, metadata={"is_changed": is_changed})

    return load_organisation


def connection_step(
    connection: "BaseConnectionSettings", connector: Connector, pool: str | None
) -> dg.AssetsDefinition:
    """The step that loads one connection into the raw tables of its connector."""
    by_day = tables_by_day(connector)
    tables = [name for name in raw_tables(connector) if name not in by_day]

    @dg.multi_asset(name=step_name(connection.name), specs=_specs(connection, connector, tables), pool=pool)
    def load(
        context: dg.AssetExecutionContext, config: LoadConfig, warehouse: Warehouse
    ) -> Iterator[dg.MaterializeResult[Any]]:
        warehouse.claim(context)
        since = datetime.fromisoformat(config.since).astimezone(UTC) if config.since else None
        result = _load(context, warehouse, connection, since=since, full_refresh=config.full_refresh)
        is_changed = _remember(warehouse, connection, connector, result)
        context.log.info(warehouse.ledger().connections[connection.name].summary(connection.name))
        # Changed without new rows: a load before this one was killed, and nobody knows what it had written.
        moved = {*result.rows, *result.removed} or {*tables, *by_day}
        for name in tables if is_changed else ():
            if name == LOADS or name in moved:
                yield dg.MaterializeResult(
                    asset_key=raw_key(connector, connection.name, name),
                    metadata={
                        "rows_loaded": result.rows.get(name, 0),
                        "rows_removed": result.removed.get(name, 0),
                    },
                )
        for name in by_day:
            key = raw_key(connector, connection.name, name)
            report_days(context, key, result, is_changed=is_changed and name in moved)

    return load


def reread_step(
    connection: "BaseConnectionSettings", connector: Connector, pool: str | None
) -> dg.AssetsDefinition:
    """The step that reads days of a connection again, a range of them in one run."""
    by_day = tables_by_day(connector)

    @dg.multi_asset(
        name=f"read_days_{python_name(connection.name)}",
        specs=_specs(connection, connector, by_day),
        partitions_def=days_of(connection, connector),
        backfill_policy=dg.BackfillPolicy.single_run(),
        pool=pool,
    )
    def reread(
        context: dg.AssetExecutionContext, warehouse: Warehouse
    ) -> Iterator[dg.MaterializeResult[Any]]:
        warehouse.claim(context)
        asked = context.partition_key_range
        days = (date.fromisoformat(asked.start), date.fromisoformat(asked.end))
        result = _load(context, warehouse, connection, days=days)
        # The connection's record stays: it tells of walks by cursor, and how fresh they left it.
        with warehouse.changing_ledger() as ledger:
            is_changed = ledger.end_load(connection.name, warehouse.started_at, is_changed=result.is_changed)
        for name in by_day:
            report_days(context, raw_key(connector, connection.name, name), result, is_changed=True)
        if is_changed:
            context.log_event(dg.AssetMaterialization(raw_key(connector, connection.name, LOADS)))
        # Reported are the days that the source told of, where a result would claim all that were asked for.
        yield from ()

    return reread


def _specs(
    connection: "BaseConnectionSettings", connector: Connector, tables: Iterable[str]
) -> list[dg.AssetSpec]:
    descriptions = raw_tables(connector)
    return [
        dg.AssetSpec(
            raw_key(connector, connection.name, name),
            description=descriptions[name],
            group_name=connector.name,
            skippable=True,
            kinds={"dlt", "duckdb"},
            metadata={"connection": connection.name},
        )
        for name in tables
    ]


def step_name(connection: str) -> str:
    """Name of the step that loads the connection."""
    return f"load_{python_name(connection)}"


def connection_keys(connection: "BaseConnectionSettings") -> list[dg.AssetKey]:
    """Assets that the connection's step can materialize."""
    connector = connector_of(connection)
    by_day = tables_by_day(connector)
    return [raw_key(connector, connection.name, name) for name in raw_tables(connector) if name not in by_day]


def _load(
    context: dg.AssetExecutionContext,
    warehouse: Warehouse,
    connection: "BaseConnectionSettings",
    *,
    since: datetime | None = None,
    full_refresh: bool = False,
    days: tuple[date, date] | None = None,
) -> "LoadResult":
    from ingestion.pipeline import LoadError, load_connection

    home = warehouse.home
    with warehouse.changing_ledger() as ledger:
        ledger.begin_load(connection.name, warehouse.started_at)
    try:
        return load_connection(
            connection,
            warehouse=home.warehouse,
            pipelines_dir=home.pipelines,
            workspace=home.clones,
            since=since,
            full_refresh=full_refresh,
            days=days,
            progress=context.log.info,
        )
    except LoadError as error:
        _remember_failure(warehouse, connection, error)
        raise dg.Failure(f"{connection.name}: {error}", allow_retries=False) from error


def _remember(
    warehouse: Warehouse, connection: "BaseConnectionSettings", connector: Connector, result: "LoadResult"
) -> bool:
    from ingestion.organisation import record_connection

    outcome: Outcome = "succeeded" if result.is_changed else "unchanged"
    record_connection(
        warehouse.home.warehouse,
        connection.name,
        outcome=outcome,
        attempted_at=warehouse.started_at,
        loaded_through_at=result.loaded_through_at,
    )
    with warehouse.changing_ledger() as ledger:
        before = ledger.connections.get(connection.name)
        ledger.connections[connection.name] = ConnectionRecord(
            connector=connector.name,
            outcome=outcome,
            attempted_at=warehouse.started_at,
            loaded_at=warehouse.started_at if result.is_changed else before and before.loaded_at,
            loaded_through_at=result.loaded_through_at,
            rows_loaded=dict(result.rows),
            rows_removed=dict(result.removed),
            rejected=result.rejected,
            requests=dict(result.requests),
            rate_limit_left=dict(result.rate_limit_left),
        )
        return ledger.end_load(connection.name, warehouse.started_at, is_changed=result.is_changed)


def _remember_failure(warehouse: Warehouse, connection: "BaseConnectionSettings", error: "LoadError") -> None:
    from ingestion.organisation import record_connection

    with warehouse.changing_ledger() as ledger:
        ledger.end_load(connection.name, warehouse.started_at, is_changed=error.is_changed)
        before = ledger.connections.get(connection.name)
        record = before or ConnectionRecord(
            connector=connection.connector, outcome="failed", attempted_at=warehouse.started_at
        )
        ledger.connections[connection.name] = record.model_copy(
            update={"outcome": "failed", "error": str(error), "attempted_at": warehouse.started_at}
        )
    record_connection(
        warehouse.home.warehouse,
        connection.name,
        outcome="failed",
        attempted_at=warehouse.started_at,
        error=str(error),
    )

"""The steps of `ingest`: the organisation facts, and one step for each connection.

A step yields a materialization for each table that got new or changed rows, and nothing where nothing was
new, so that what is built from it is built only then. No step depends on another: one that fails keeps no
other from being loaded.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import dagster as dg

from ingestion.connector import Connector, connectors
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
    tables = raw_tables(connector)

    @dg.multi_asset(
        name=step_name(connection.name),
        specs=[
            dg.AssetSpec(
                raw_key(connector, connection.name, name),
                description=description,
                group_name=connector.name,
                skippable=True,
                kinds={"dlt", "duckdb"},
                metadata={"connection": connection.name},
            )
            for name, description in tables.items()
        ],
        pool=pool,
    )
    def load(
        context: dg.AssetExecutionContext, config: LoadConfig, warehouse: Warehouse
    ) -> Iterator[dg.MaterializeResult[Any]]:
        warehouse.claim(context)
        result = _load(context, config, warehouse, connection)
        is_changed = _remember(warehouse, connection, connector, result)
        context.log.info(warehouse.ledger().connections[connection.name].summary(connection.name))
        # Changed without new rows: a load before this one was killed, and nobody knows what it had written.
        is_unknown = is_changed and not {*result.rows, *result.removed}
        for name in tables if is_changed else ():
            if is_unknown or name == LOADS or name in {*result.rows, *result.removed}:
                yield dg.MaterializeResult(
                    asset_key=raw_key(connector, connection.name, name),
                    metadata={
                        "rows_loaded": result.rows.get(name, 0),
                        "rows_removed": result.removed.get(name, 0),
                    },
                )

    return load


def step_name(connection: str) -> str:
    """Name of the step that loads the connection."""
    return f"load_{python_name(connection)}"


def connection_keys(connection: "BaseConnectionSettings") -> list[dg.AssetKey]:
    """Assets that the connection's step can materialize."""
    connector = connectors()[connection.connector]
    return [raw_key(connector, connection.name, name) for name in raw_tables(connector)]


def _load(
    context: dg.AssetExecutionContext,
    config: LoadConfig,
    warehouse: Warehouse,
    connection: "BaseConnectionSettings",
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
            since=datetime.fromisoformat(config.since).astimezone(UTC) if config.since else None,
            full_refresh=config.full_refresh,
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

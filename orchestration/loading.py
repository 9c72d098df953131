"""The steps of `ingest`: the organisation facts, and one step for each connection.

A step yields a materialization for each table that got new or changed rows, and nothing where nothing was new,
so that what is built from it is built only then. No step depends on another: one that fails keeps no other
from being loaded.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import dagster as dg

from ingestion.connector import Connector
from orchestration.keys import FACTS_GROUP, KIT_TABLES, LOADS, ORGANISATION, python_name, raw_key
from orchestration.ledger import ConnectionRecord, Outcome
from orchestration.resources import Warehouse

if TYPE_CHECKING:
    from ingestion.pipeline import LoadResult
    from ingestion.settings import ConnectionSettings, Settings

FIRST = {"dagster/priority": "1"}


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
                description="One row per fact that the settings declare: teams, services, calendars, targets.",
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
        if load(settings, warehouse.home.warehouse):
            with warehouse.changing_ledger() as ledger:
                ledger.record_change(warehouse.started_at)
            context.log.info("organisation facts changed")
            yield dg.MaterializeResult(asset_key=ORGANISATION)

    return load_organisation


def connection_step(
    connection: "ConnectionSettings", connector: Connector, pool: str | None
) -> dg.AssetsDefinition:
    """The step that loads one connection into the raw tables of its connector."""
    tables = {table.name: table.description for table in connector.tables} | KIT_TABLES

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
        context.log.info(_summary(connection.name, result))
        # Changed without new rows: the load before this one was killed, and nobody knows what it had written.
        for name in tables if is_changed else ():
            if result.rows.get(name) or name == LOADS or not result.is_changed:
                yield dg.MaterializeResult(
                    asset_key=raw_key(connector, connection.name, name),
                    metadata={"rows_loaded": result.rows.get(name, 0)},
                )

    return load


def step_name(connection: str) -> str:
    """Name of the step that loads the connection."""
    return f"load_{python_name(connection)}"


def _load(
    context: dg.AssetExecutionContext,
    config: LoadConfig,
    warehouse: Warehouse,
    connection: "ConnectionSettings",
) -> "LoadResult":
    from ingestion.pipeline import load_connection

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
    except Exception as error:
        _remember_failure(warehouse, connection, error)
        raise dg.Failure(f"{connection.name}: {error}", allow_retries=False) from error


def _remember(
    warehouse: Warehouse, connection: "ConnectionSettings", connector: Connector, result: "LoadResult"
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
            requests=result.requests,
            rate_limit_left=result.rate_limit_left,
        )
        return ledger.end_load(connection.name, warehouse.started_at, is_changed=result.is_changed)


def _remember_failure(warehouse: Warehouse, connection: "ConnectionSettings", error: Exception) -> None:
    from ingestion.organisation import record_connection

    with warehouse.changing_ledger() as ledger:
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


def _summary(name: str, result: "LoadResult") -> str:
    rows = sum(result.rows.values())
    left = "" if result.rate_limit_left is None else f", {result.rate_limit_left:,} requests left"
    what = f"{rows:,} rows new or changed" if result.is_changed else "nothing new"
    return f"{name}: {what} ({result.requests:,} requests{left})"

"""Tables that a source is asked for by UTC day, as Dagster's daily partitions: which days were read.

Connections are loaded by cursor, in one step and one run however many days are new; the step reports the days
that it read. Days that are missing, or that the vendor has corrected, are read again by a job of their own,
since a job that mixes partitioned and other assets is partitioned as a whole.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import dagster as dg

from orchestration.times import now

if TYPE_CHECKING:
    from ingestion.connector import Connector
    from ingestion.pipeline import LoadResult
    from ingestion.settings import BaseConnectionSettings


def tables_by_day(connector: Connector) -> list[str]:
    """Names of the connector's tables whose assets are partitioned."""
    return [table.name for table in connector.tables if table.is_by_day]


def days_of(connection: BaseConnectionSettings, connector: Connector) -> dg.DailyPartitionsDefinition:
    """The days that a connection reaches back to, up to the last that is over."""
    first = now().date() - timedelta(days=connector.history_days(connection))
    return dg.DailyPartitionsDefinition(start_date=first.isoformat())


def report_days(
    context: dg.AssetExecutionContext, key: dg.AssetKey, result: LoadResult, *, is_changed: bool
) -> None:
    """Report the days of a table that a walk read; where the table did not change, only those that are new.

    Days without rows count as read, so that only what the source did not tell is missing; the present day
    does not, since it is not over.
    """
    known = set() if is_changed else context.instance.get_materialized_partitions(key)
    for day, row_count in sorted(result.days.get(key.path[-1], {}).items()):
        if day < result.started_at.date() and day.isoformat() not in known:
            metadata = {} if row_count is None else {"dagster/partition_row_count": row_count}
            context.log_event(dg.AssetMaterialization(key, partition=day.isoformat(), metadata=metadata))

"""Everything that Dagster shows and runs, from the settings."""

from __future__ import annotations

from collections.abc import Mapping

import dagster as dg

from ingestion.connector import connector_of
from ingestion.settings import Settings
from orchestration.days import tables_by_day
from orchestration.home import Home
from orchestration.jobs import ingest_job, reread_job
from orchestration.keys import POOL, RawTables
from orchestration.loading import connection_step, organisation_step, reread_step
from orchestration.resources import Warehouse


def build_definitions(
    settings: Settings,
    *,
    home: Home | None = None,
    is_build_included: bool = True,
    pool: str | None = POOL,
    loggers: Mapping[str, dg.LoggerDefinition] | None = None,
) -> dg.Definitions:
    """Assets, checks, jobs, schedules and sensors for one set of settings.

    Args:
        settings: what `flowgauge.yaml` says.
        home: where everything is written; by default the environment's.
        is_build_included: without the build, neither dbt nor anything that needs it is imported.
        pool: pool of every step. The command passes None: its runs do not queue with the daemon's, they are
            refused, or refuse, by the warehouse lock.
        loggers: loggers by name, Dagster's own by default.
    """
    connectors = {each.name: connector_of(each) for each in settings.connections}
    raw = RawTables(connectors)
    rereads = {
        each.name: reread_step(each, connectors[each.name], pool)
        for each in settings.connections
        if tables_by_day(connectors[each.name])
    }
    home = home or Home.from_environment()
    loading = dg.Definitions(
        assets=[
            organisation_step(settings, pool),
            *(connection_step(each, connectors[each.name], pool) for each in settings.connections),
            *rereads.values(),
        ],
        jobs=[ingest_job(raw), *(reread_job(name, step) for name, step in rereads.items())],
        resources={"warehouse": Warehouse(home_path=str(home.path))},
        executor=dg.in_process_executor,
        loggers=loggers,
    )
    if not is_build_included:
        return loading
    from orchestration.building import building_definitions

    return dg.Definitions.merge(loading, building_definitions(settings, home, raw, pool))

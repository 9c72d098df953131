"""Everything of the definitions that needs the parsed dbt project: imported only where something is built."""

from __future__ import annotations

import dagster as dg

from ingestion.connector import connectors_of
from ingestion.settings import Settings
from orchestration.assets import begin_build_step, containment_step, publication_step
from orchestration.checks import quality_steps, sources_of
from orchestration.due import Due, what_is_due
from orchestration.home import Home
from orchestration.jobs import build_job, clock_job
from orchestration.keys import AS_OF, RawTables
from orchestration.ledger import Ledger
from orchestration.models import Models, provided_by
from orchestration.schedules import schedules
from orchestration.sensors import sensors
from orchestration.times import now, reporting_day
from transform.runner import DbtProject, fingerprint


def building_definitions(settings: Settings, home: Home, raw: RawTables, pool: str | None) -> dg.Definitions:
    """The steps of a build, its jobs, the schedules and the sensor.

    Args:
        settings: what `flowgauge.yaml` says.
        home: where everything is written.
        raw: the assets that loading fills.
        pool: pool of every step.
    """
    used = list(connectors_of(settings.connections).values())
    provided = provided_by(used)
    models = Models(DbtProject(home.warehouse, home.dbt_target, provided), raw)
    canonical, *built = models.steps(pool)
    suites = quality_steps(sources_of(used), raw, pool)
    of_clock = clock_job(suites)
    zone = settings.reporting_timezone

    def due() -> Due | None:
        return what_is_due(
            Ledger.read(home.ledger), day=reporting_day(now(), zone), zone=zone, models=fingerprint(provided)
        )

    return dg.Definitions(
        assets=[
            begin_build_step(settings, raw, fingerprint(provided), pool),
            canonical,
            containment_step(models.keys_of("canonical"), pool),
            *built,
            publication_step(
                [AS_OF, *models.keys_of("marts"), *models.keys_of("metrics")],
                models.descriptions(),
                models.metrics(settings.targets.model_dump(), zone),
                pool,
            ),
        ],
        asset_checks=suites,
        jobs=[build_job(raw, suites), of_clock],
        schedules=schedules(zone, of_clock, due),
        sensors=sensors(),
    )

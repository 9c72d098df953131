"""The jobs: what is loaded, what is built from it, and the part of that which depends on the clock.

Two jobs and not one, because a failed or skipped step skips everything below it within a run, while a build
has to be made of whatever could be loaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import dagster as dg

from orchestration.assets import AS_OF_STEP
from orchestration.keys import AS_OF, CLOCK_TAG, PUBLISHED, RawTables, python_name

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import (
        UnresolvedAssetJobDefinition as AssetJob,
    )

INGEST = "ingest"
BUILD = "build"
CLOCK = "clock"


def ingest_job(raw: RawTables) -> AssetJob:
    """Loads the organisation facts and every connection, by cursor."""
    return dg.define_asset_job(
        INGEST,
        selection=loaded(raw) - dg.AssetSelection.assets(*raw.by_day),
        description="Load what is new from every connection.",
        executor_def=dg.in_process_executor,
    )


def reread_job(connection: str, step: dg.AssetsDefinition) -> AssetJob:
    """Reads days of one connection again."""
    return dg.define_asset_job(
        f"reread_{python_name(connection)}",
        selection=dg.AssetSelection.assets(*step.keys).without_checks(),
        description="Read days again that are missing or were corrected: all that are asked for in one run.",
        executor_def=dg.in_process_executor,
    )


def build_job(raw: RawTables, suites: Sequence[dg.AssetChecksDefinition]) -> AssetJob:
    """Builds, checks and publishes everything."""
    return dg.define_asset_job(
        BUILD,
        selection=dg.AssetSelection.all() - loaded(raw) | dg.AssetSelection.checks(*suites),
        description="Build all models from what is loaded, check them, publish the marts.",
        executor_def=dg.in_process_executor,
    )


def clock_job(suites: Sequence[dg.AssetChecksDefinition]) -> AssetJob:
    """Builds what depends on the clock; checks and publishes all."""
    return dg.define_asset_job(
        CLOCK,
        selection=dg.AssetSelection.assets(AS_OF, PUBLISHED)
        | dg.AssetSelection.tag(CLOCK_TAG, "")
        | dg.AssetSelection.checks(*suites),
        description="Build what depends on the clock for a new reporting day, check, publish.",
        config={"ops": {AS_OF_STEP: {"config": {"scope": "clock"}}}},
        executor_def=dg.in_process_executor,
    )


def loaded(raw: RawTables) -> dg.AssetSelection:
    """Assets that loading fills; their checks belong to the build."""
    return dg.AssetSelection.assets(*raw.all_keys()).without_checks()

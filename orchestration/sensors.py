"""What makes the daemon build after it has loaded: the automation conditions of the assets, evaluated."""

from __future__ import annotations

import dagster as dg

SECONDS_BETWEEN_EVALUATIONS = 30


def sensors() -> list[dg.AutomationConditionSensorDefinition]:
    """One sensor, switched on; the conditions themselves stand in `keys.py`."""
    return [
        dg.AutomationConditionSensorDefinition(
            name="build_what_was_loaded",
            target=dg.AssetSelection.all() | dg.AssetSelection.all_asset_checks(),
            minimum_interval_seconds=SECONDS_BETWEEN_EVALUATIONS,
            description="Build once when anything was loaded.",
            default_status=dg.DefaultSensorStatus.RUNNING,
        )
    ]

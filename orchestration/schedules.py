"""When the daemon loads, and when it rebuilds what depends on the clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import dagster as dg

from orchestration.due import Due
from orchestration.jobs import INGEST

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import (
        UnresolvedAssetJobDefinition as AssetJob,
    )

HOURLY = "0 * * * *"
# After the hour's load has begun, so that a build of its news is not made twice.
SHORTLY_AFTER_MIDNIGHT = "20 0 * * *"


def schedules(
    reporting_timezone: str, clock_job: AssetJob, what_is_due: Callable[[], Due | None]
) -> list[dg.ScheduleDefinition]:
    """Load each hour; rebuild for the clock each day of the reporting time zone. Both start switched on.

    Args:
        reporting_timezone: zone of the days.
        clock_job: the job that rebuilds what depends on the clock.
        what_is_due: tells, at the moment of asking, what has to be built.
    """

    @dg.schedule(
        name="daily_clock",
        target=clock_job,
        cron_schedule=SHORTLY_AFTER_MIDNIGHT,
        execution_timezone=reporting_timezone,
        description="Build what depends on the clock, each day of the reporting time zone.",
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )
    def daily_clock() -> dg.RunRequest | dg.SkipReason:
        due = what_is_due()
        if due is None:
            return dg.SkipReason("what is published is of this reporting day already")
        if due.scope == "all":
            return dg.SkipReason(f"everything is due, which is more than the clock's part: {due.reason}")
        return dg.RunRequest()

    return [
        dg.ScheduleDefinition(
            name="hourly_ingest",
            job_name=INGEST,
            cron_schedule=HOURLY,
            description="Load what is new from every connection, each hour.",
            default_status=dg.DefaultScheduleStatus.RUNNING,
        ),
        daily_clock,
    ]

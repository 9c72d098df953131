"""When the daemon loads, and when it rebuilds what depends on the clock."""

from __future__ import annotations

import dagster as dg

from orchestration.jobs import CLOCK, INGEST

HOURLY = "0 * * * *"
# After the hour's load has begun, so that a build of its news is not made twice.
SHORTLY_AFTER_MIDNIGHT = "20 0 * * *"


def schedules(reporting_timezone: str) -> list[dg.ScheduleDefinition]:
    """Load each hour; rebuild for the clock each day of the reporting time zone. Both start switched on."""
    return [
        dg.ScheduleDefinition(
            name="hourly_ingest",
            job_name=INGEST,
            cron_schedule=HOURLY,
            description="Load what is new from every connection, each hour.",
            default_status=dg.DefaultScheduleStatus.RUNNING,
        ),
        dg.ScheduleDefinition(
            name="daily_clock",
            job_name=CLOCK,
            cron_schedule=SHORTLY_AFTER_MIDNIGHT,
            execution_timezone=reporting_timezone,
            description="Build what depends on the clock, each day of the reporting time zone.",
            default_status=dg.DefaultScheduleStatus.RUNNING,
        ),
    ]

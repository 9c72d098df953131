"""What a killed run leaves in Dagster's storage: a run that looks started for ever, and its pool slots.

Called by whoever holds the warehouse lock, and by `flowgauge serve` before the daemon starts.
"""

from __future__ import annotations

from datetime import UTC, datetime

import dagster as dg
from dagster import DagsterEventType, DagsterRunStatus, RunRecord

from orchestration.processes import is_running
from orchestration.resources import PROCESS_TAG

# A queued run has no process yet: it is the daemon's to start.
UNFINISHED = [
    DagsterRunStatus.NOT_STARTED,
    DagsterRunStatus.STARTING,
    DagsterRunStatus.STARTED,
    DagsterRunStatus.CANCELING,
]


def report_dead_runs(instance: dg.DagsterInstance) -> list[str]:
    """Report runs whose process is gone as failed, free their slots, and return their ids."""
    dead = []
    for record in instance.get_run_records(dg.RunsFilter(statuses=UNFINISHED)):
        run = record.dagster_run
        pid = _pid(instance, record)
        if pid is None or is_running(pid, _last_sign_of_life(record)):
            continue
        instance.report_run_failed(run, f"The process of this run (pid {pid}) is gone: it was killed.")
        if instance.event_log_storage.supports_global_concurrency_limits:
            instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
        dead.append(run.run_id)
    return dead


def _pid(instance: dg.DagsterInstance, record: RunRecord) -> int | None:
    """The run's process: the run is tagged with it, or bears it in its start event."""
    run = record.dagster_run
    if PROCESS_TAG in run.tags:
        return int(run.tags[PROCESS_TAG])
    started = instance.get_records_for_run(run.run_id, of_type=DagsterEventType.RUN_START, limit=1).records
    event = started[0].event_log_entry.dagster_event if started else None
    return event.pid if event else None


def _last_sign_of_life(record: RunRecord) -> datetime:
    """An instant at which the run's process certainly ran; a queued run is created long before it has one."""
    if record.start_time is not None:
        return datetime.fromtimestamp(record.start_time, UTC)
    return record.create_timestamp.replace(tzinfo=UTC)

"""`flowgauge run`: load, decide what is due, build it; one process, one lock, one persistent instance.

Dagster records both jobs, so that they are seen in its UI like the daemon's own. What needs dbt or Great
Expectations is imported only where something has to be built.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ingestion.connector import connectors_of
from ingestion.settings import Settings
from orchestration.console import Reporter, run_logger
from orchestration.due import Due, what_is_due
from orchestration.home import COMMAND_CONFIG, Home
from orchestration.ledger import Ledger
from orchestration.lock import WarehouseLock
from orchestration.signals import ending_signals
from orchestration.times import now, reporting_day

if TYPE_CHECKING:
    import dagster as dg

COMMAND_TAGS = {"flowgauge/launched_by": "command"}


@dataclass(frozen=True)
class RunOptions:
    """What the user asked for.

    Attributes:
        only: the one connection to load; all by default.
        since: re-read from this instant.
        is_full_refresh: forget cursors and read everything anew.
        as_of: the instant to report on.
    """

    only: str | None = None
    since: datetime | None = None
    is_full_refresh: bool = False
    as_of: datetime | None = None


@dataclass
class RunOutcome:
    """What became of it.

    Attributes:
        failures: one sentence for each thing that failed; empty means that all that was asked for was done.
        due: the build that was due; None where nothing was.
        details: tracebacks, for `--debug`.
    """

    failures: list[str] = field(default_factory=list)
    due: Due | None = None
    details: list[str] = field(default_factory=list)


def run(settings: Settings, home: Home, options: RunOptions, reporter: Reporter) -> RunOutcome:
    """Load what is new and build what is due.

    Raises:
        WarehouseBusyError: another process is writing; nothing was touched.
    """
    with WarehouseLock(home.lock), reporter.working():
        reporter.progress("starting")
        import dagster as dg

        # Dagster's own lines would stand between ours; all of them are in its event log.
        logging.getLogger("dagster").propagate = False
        os.environ["DAGSTER_HOME"] = str(home.dagster)
        with dg.DagsterInstance.from_config(str(home.dagster), COMMAND_CONFIG) as instance:
            return _Run(settings, home, options, reporter, instance).execute()


@dataclass
class _Run:
    settings: Settings
    home: Home
    options: RunOptions
    reporter: Reporter
    instance: dg.DagsterInstance
    outcome: RunOutcome = field(default_factory=RunOutcome)

    def execute(self) -> RunOutcome:
        self._bury_dead_runs()
        self._ingest()
        self.outcome.due = due = self._due()
        if due is None:
            self._say_nothing_is_due()
        else:
            self._build(due)
        return self.outcome

    def _bury_dead_runs(self) -> None:
        from orchestration.recovery import report_dead_runs

        for run_id in report_dead_runs(self.instance):
            name = run_id.partition("-")[0]
            self.reporter.line(f"run {name} was killed: it is reported as failed, and made good now")

    def _ingest(self) -> None:
        from orchestration.jobs import INGEST
        from orchestration.keys import ORGANISATION
        from orchestration.loading import LoadConfig, connection_keys, step_name

        options = self.options
        loaded = [each for each in self.settings.connections if options.only in (None, each.name)]
        config = LoadConfig(
            since=options.since.isoformat() if options.since else None, full_refresh=options.is_full_refresh
        )
        self._run_job(
            self._definitions(is_build_included=False).resolve_job_def(INGEST),
            {step_name(connection.name): {"config": config.model_dump()} for connection in loaded},
            asset_selection=[ORGANISATION, *(key for each in loaded for key in connection_keys(each))],
        )

    def _due(self) -> Due | None:
        from orchestration.models import provided_by
        from transform.runner import fingerprint

        zone = self.settings.reporting_timezone
        return what_is_due(
            Ledger.read(self.home.ledger) if is_built(self.home) else Ledger(),
            day=reporting_day(now(), zone),
            zone=zone,
            models=fingerprint(provided_by(connectors_of(self.settings.connections).values())),
            fixed_as_of=self.options.as_of,
        )

    def _say_nothing_is_due(self) -> None:
        published = Ledger.read(self.home.ledger).published
        as_of = f" as of {published.as_of:%Y-%m-%d %H:%M:%S} UTC" if published else ""
        self.reporter.success(f"nothing to build: what is published{as_of} stands")

    def _build(self, due: Due) -> None:
        from orchestration.assets import AS_OF_STEP, BuildConfig
        from orchestration.jobs import BUILD, CLOCK

        what, job = ("what depends on the clock", CLOCK) if due.scope == "clock" else ("everything", BUILD)
        self.reporter.line(f"building {what}: {due.reason}")
        self.reporter.progress("reading the models")
        as_of = self.options.as_of.isoformat() if self.options.as_of else None
        config = BuildConfig(scope=due.scope, as_of=as_of)
        self._run_job(
            self._definitions(is_build_included=True).resolve_job_def(job),
            {AS_OF_STEP: {"config": config.model_dump()}},
        )

    def _definitions(self, *, is_build_included: bool) -> dg.Definitions:
        from orchestration.definitions import build_definitions

        return build_definitions(
            self.settings,
            home=self.home,
            is_build_included=is_build_included,
            pool=None,
            loggers={"console": run_logger(self.reporter)},
        )

    def _run_job(
        self, job: dg.JobDefinition, ops: dict[str, Any], asset_selection: Sequence[dg.AssetKey] | None = None
    ) -> None:
        """Run the job in this process and add what failed to the outcome.

        Raises:
            KeyboardInterrupt: the user stopped it.
        """
        from orchestration.failures import failures_of, is_interrupted
        from orchestration.resources import PROCESS_TAG

        with ending_signals() as has_come:
            result = job.execute_in_process(
                run_config={"ops": ops, "loggers": {"console": {}}},
                instance=self.instance,
                raise_on_error=False,
                asset_selection=asset_selection,
                tags={**COMMAND_TAGS, PROCESS_TAG: str(os.getpid())},
            )
            is_stopped = has_come() or is_interrupted(result.all_events)
        if is_stopped:
            raise KeyboardInterrupt
        for failure in failures_of(result.all_events):
            self.outcome.failures.append(failure.sentence)
            self.outcome.details.append(failure.detail)


def is_built(home: Home) -> bool:
    """Whether the files that the ledger speaks of are there."""
    return home.warehouse.exists() and (home.published / "manifest.json").exists()

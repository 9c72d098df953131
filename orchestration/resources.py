"""What the steps of one run share: the home, the lock on its warehouse and the start of the run.

Dagster makes one of these for each run and takes it down when the run ends, so that a run holds the warehouse
from its first step to its last, and nobody writes between two of its steps.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import dagster as dg
from pydantic import PrivateAttr

from orchestration.home import Home
from orchestration.ledger import Ledger
from orchestration.lock import WarehouseBusyError, WarehouseLock
from orchestration.times import now

PROCESS_TAG = "flowgauge/process"


class Warehouse(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The warehouse of one home, as the steps of a run see it."""

    home_path: str
    _lock: WarehouseLock = PrivateAttr()
    _started_at: datetime = PrivateAttr()

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:  # noqa: ARG002
        """Note when the run began; the lock is taken by its first step, so that it is a step that fails."""
        self._lock = WarehouseLock(self.home.lock)
        self._started_at = now()

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:  # noqa: ARG002
        """Let go of the warehouse."""
        self._lock.release()

    @property
    def home(self) -> Home:
        """Where everything stands."""
        return Home(Path(self.home_path))

    @property
    def started_at(self) -> datetime:
        """Start of the run, UTC."""
        return self._started_at

    def claim(self, context: dg.OpExecutionContext | dg.AssetExecutionContext) -> None:
        """Take the warehouse for this run, or fail the step with the sentence that says who has it."""
        try:
            self._lock.acquire()
        except WarehouseBusyError as error:
            raise dg.Failure(str(error), allow_retries=False) from None
        if PROCESS_TAG not in context.run.tags:
            context.instance.add_run_tags(context.run.run_id, {PROCESS_TAG: str(os.getpid())})

    def ledger(self) -> Ledger:
        """The ledger as it stands."""
        return Ledger.read(self.home.ledger)

    @contextmanager
    def changing_ledger(self) -> Iterator[Ledger]:
        """The ledger, written back at the end of the block; only for holders of the warehouse."""
        ledger = self.ledger()
        yield ledger
        ledger.write(self.home.ledger)

"""The folder that holds everything a run writes, and where each part of it stands.

Other packages are given the single path they need; only this module knows the layout. It also writes the
configuration of Dagster's instance, so that Dagster too writes inside the home and nowhere else.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

HOME_VARIABLE = "FLOWGAUGE_HOME"
DEFAULT_HOME = ".flowgauge"
HOME_REMEDY = f"mend that, or name another folder by {HOME_VARIABLE}"

# Storage is SQLite in Dagster's default places below this folder. A pool is enforced between whole runs
# (granularity `run`): a run of the daemon waits in the queue for another one of the daemon, while a killed
# one holds no slot of its own. Compute logs are off: a step says all it has to say through its log, and
# capturing costs a process per step and takes the terminal away from the command's progress lines.
DAGSTER_YAML = """\
# Written by Flowgauge on each start; changes here are lost.
telemetry:
  enabled: false
nux:
  enabled: false
concurrency:
  pools:
    default_limit: 1
    granularity: run
compute_logs:
  module: dagster._core.storage.noop_compute_log_manager
  class: NoOpComputeLogManager
"""
# The command's own runs go to the same event log by connections that are kept. Those of the UI and the daemon
# do not: the UI follows a run by watching its database file, which changes only when a connection closes.
COMMAND_YAML = (
    DAGSTER_YAML
    + """\
event_log_storage:
  module: orchestration.event_log
  class: KeptSqliteEventLogStorage
  config:
    base_dir: {event_log}
"""
)
COMMAND_CONFIG = "command.yaml"


class HomeError(Exception):
    """The home cannot be used; says why and what to do."""


@dataclass(frozen=True)
class Home:
    """An absolute `FLOWGAUGE_HOME`; its parts are properties and need not exist yet."""

    path: Path

    @classmethod
    def from_environment(cls) -> Home:
        """The home that `FLOWGAUGE_HOME` names, else `.flowgauge` in the working directory."""
        return cls(Path(os.environ.get(HOME_VARIABLE) or DEFAULT_HOME).absolute())

    @property
    def warehouse(self) -> Path:
        """The DuckDB file that runs build; never opened by readers."""
        return self.path / "warehouse.duckdb"

    @property
    def lock(self) -> Path:
        """Held by the one process that may write the warehouse."""
        return self.path / "warehouse.lock"

    @property
    def ledger(self) -> Path:
        """What was loaded, built and published, in a few lines."""
        return self.path / "ledger.json"

    @property
    def published(self) -> Path:
        """What readers get, replaced as a whole."""
        return self.path / "published"

    @property
    def dagster(self) -> Path:
        """DAGSTER_HOME."""
        return self.path / "dagster"

    @property
    def pipelines(self) -> Path:
        """State and pending packages of dlt."""
        return self.path / "dlt"

    @property
    def clones(self) -> Path:
        """Bare clones, and whatever else a connector keeps between runs."""
        return self.path / "clones"

    @property
    def quality(self) -> Path:
        """Great Expectations' context and data docs."""
        return self.path / "quality"

    @property
    def dbt_target(self) -> Path:
        """Artifacts of dbt."""
        return self.path / "dbt" / "target"

    @property
    def standing(self) -> Path:
        """The home, or what stands where it is to be made; a folder, unless something is wrong."""
        return next(each for each in (self.path, *self.path.parents) if os.path.lexists(each))

    @property
    def free_bytes(self) -> int:
        """Room on its disk."""
        return shutil.disk_usage(self.standing).free

    def problem(self) -> str | None:
        """Why nothing could be written here, told without writing; None where it could."""
        if not self.standing.is_dir():
            return f"{self.standing} is no folder"
        if not os.access(self.standing, os.R_OK | os.W_OK | os.X_OK):
            return f"{self.standing} cannot be read and written"
        return None

    def prepare(self) -> None:
        """Make the folders and write Dagster's configuration.

        Raises:
            HomeError: the home cannot be written.
        """
        if problem := self.problem():
            raise HomeError(f"{problem}: {HOME_REMEDY}")
        event_log = json.dumps(str(self.dagster / "history" / "runs"))
        try:
            for folder in (self.dagster, self.pipelines, self.clones, self.quality, self.dbt_target):
                folder.mkdir(parents=True, exist_ok=True)
            self._configure("dagster.yaml", DAGSTER_YAML)
            self._configure(COMMAND_CONFIG, COMMAND_YAML.format(event_log=event_log))
        except OSError as error:
            raise HomeError(f"{error.filename}: {error.strerror}: {HOME_REMEDY}") from error

    def _configure(self, name: str, wanted: str) -> None:
        configuration = self.dagster / name
        if not configuration.exists() or configuration.read_text(encoding="utf-8") != wanted:
            configuration.write_text(wanted, encoding="utf-8")

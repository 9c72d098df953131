"""Runs of the miniature installation in processes of their own, which a test may kill at a chosen instant.

The processes are forked from one that has imported everything, so that a run costs a second or two.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass
from functools import cache
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

import duckdb
from support.miniature import write_items, write_settings

TESTS = Path(__file__).parents[1]
SECONDS = 120
HOLD = """
import sys
from pathlib import Path
from orchestration.lock import WarehouseLock
WarehouseLock(Path(sys.argv[1])).acquire()
print("held", flush=True)
sys.stdin.read()
"""


@cache
def _processes() -> Any:
    """The context whose processes have everything imported; its server finds modules by PYTHONPATH only."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["support.installations_preload"])
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = str(TESTS)
    forkserver.ensure_running()
    if before is None:
        del os.environ["PYTHONPATH"]
    else:
        os.environ["PYTHONPATH"] = before
    return context


@dataclass(frozen=True)
class Ended:
    """How a run ended: its exit status (negative: the signal that killed it) and what it printed."""

    status: int
    output: str


@dataclass(frozen=True)
class Installation:
    """A folder with settings, sources and a home."""

    folder: Path

    @classmethod
    def create(cls, folder: Path, **sources: list[dict[str, Any]]) -> Installation:
        """An installation with one connection for each source, holding these items."""
        folder.mkdir(parents=True, exist_ok=True)
        write_settings(folder, *sources)
        installation = cls(folder)
        for name, items in sources.items():
            installation.hold(name, *items)
        return installation

    def hold(self, name: str, *items: Any) -> None:
        """What a source holds from now on; a sentence makes it fail."""
        write_items(self.folder, name, *items)

    @property
    def home(self) -> Path:
        """FLOWGAUGE_HOME."""
        return self.folder / ".flowgauge"

    def command(self, *arguments: str, kill_at: str | None = None) -> Ended:
        """Run the command; `kill_at` is "start STEP", "end STEP" or "said TEXT", at which it is SIGKILLed."""
        return self._process(_command, arguments, kill_at)

    def _process(self, target: Any, *details: Any) -> Ended:
        output = self.folder / "output.txt"
        process = _processes().Process(target=target, args=(self.folder, output, *details))
        process.start()
        process.join(SECONDS)
        if process.exitcode is None:
            process.kill()
            process.join()
        return Ended(process.exitcode or 0, output.read_text(encoding="utf-8"))

    def launch(self, job: str, *assets: str) -> Ended:
        """Run a job, or some of its assets, as the daemon does: with Dagster's own loggers and lock-free."""
        return self._process(_launch, job, assets)

    @contextmanager
    def another_writer(self) -> Iterator[int]:
        """Another process holds the warehouse for the length of the block; gives its number."""
        lock = str(self.home / "warehouse.lock")
        with subprocess.Popen(
            [sys.executable, "-c", HOLD, lock], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            try:
                yield process.pid
            finally:
                process.kill()

    def ledger(self) -> dict[str, Any]:
        """The ledger as it stands in its file."""
        content: dict[str, Any] = json.loads((self.home / "ledger.json").read_text(encoding="utf-8"))
        return content

    def change_ledger(self, **changes: Any) -> None:
        """Pretend that something else was written in the ledger."""
        (self.home / "ledger.json").write_text(json.dumps(self.ledger() | changes), encoding="utf-8")

    def published(self) -> dict[str, list[tuple[Any, ...]]]:
        """All rows that readers see, by table."""
        return rows_of(self.home / "published" / "flowgauge.duckdb")

    def manifest(self) -> dict[str, Any]:
        """What is said of the published tables."""
        text = (self.home / "published" / "manifest.json").read_text(encoding="utf-8")
        content: dict[str, Any] = json.loads(text)
        return content


def rows_of(database: Path) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of a database's marts, by table, in an order of their own."""
    with duckdb.connect(str(database), read_only=True) as connection:
        tables = connection.execute(
            "select table_name from duckdb_tables() where schema_name = 'marts' order by 1"
        ).fetchall()
        return {
            name: connection.execute(f"select * from marts.{name} order by all").fetchall()
            for (name,) in tables
        }


def _enter(folder: Path) -> None:
    os.chdir(folder)
    os.environ["FLOWGAUGE_HOME"] = str(folder / ".flowgauge")
    os.environ.pop("FLOWGAUGE_CONFIG", None)


def _command(folder: Path, output: Path, arguments: tuple[str, ...], kill_at: str | None) -> None:
    _enter(folder)
    if kill_at:
        _kill_at(*kill_at.split(" ", 1))
    from orchestration.cli import main

    with (
        output.open("w", encoding="utf-8", buffering=1) as file,
        redirect_stdout(file),
        redirect_stderr(file),
    ):
        main(arguments)


def _launch(folder: Path, output: Path, job: str, assets: tuple[str, ...]) -> None:
    _enter(folder)
    import dagster as dg

    from orchestration.code_location import flowgauge
    from orchestration.failures import failures_of

    with dg.DagsterInstance.from_config(str(folder / ".flowgauge" / "dagster")) as instance:
        result = (
            flowgauge()
            .resolve_job_def(job)
            .execute_in_process(
                instance=instance,
                raise_on_error=False,
                asset_selection=[dg.AssetKey.from_user_string(asset) for asset in assets] or None,
            )
        )
    output.write_text("\n".join(each.sentence for each in failures_of(result.all_events)), encoding="utf-8")
    sys.exit(0 if result.success else 1)


def _kill_at(what: str, where: str) -> None:
    from orchestration.console import _StepHandler

    tell = _StepHandler.emit

    def emit(self: Any, record: Any) -> None:
        tell(self, record)
        event, step = record.dagster_meta["dagster_event"], record.dagster_meta["step_key"]
        with suppress(AttributeError):
            happened = {
                "start": event is not None and event.is_step_start and step == where,
                "end": event is not None and event.is_step_success and step == where,
                "said": event is None and record.dagster_meta["orig_message"] == where,
            }
            if happened[what]:
                os.kill(os.getpid(), signal.SIGKILL)

    _StepHandler.emit = emit  # type: ignore[method-assign]

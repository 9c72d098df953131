"""What the command prints: lines that stay, one line that moves during work, and JSON for scripts.

Where nobody watches a terminal, the moving line is left out and only the lines that stay are printed.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape

if TYPE_CHECKING:
    import dagster as dg
    from rich.status import Status

WIDTH_OF_FILES = 120


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Nobody reads any more, as after `| head`: what is under way goes on all the same, in silence."""
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class Reporter:
    """Tells the person, or the log, how far a run is."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or _Console(highlight=False, soft_wrap=True)
        if not self.console.is_terminal and "COLUMNS" not in os.environ:
            self.console.width = WIDTH_OF_FILES
        self._status: Status | None = None

    @contextmanager
    def working(self) -> Iterator[None]:
        """Show the moving line while the block runs, on terminals."""
        if not self.console.is_terminal:
            yield
            return
        with self.console.status("starting") as status:
            self._status = status
            try:
                yield
            finally:
                self._status = None

    def progress(self, text: str) -> None:
        """What is being done at this moment."""
        if self._status is not None:
            self._status.update(escape(text))

    def line(self, text: str) -> None:
        """What was done."""
        self.console.print(escape(text))

    def success(self, text: str) -> None:
        """What was done, and well."""
        self.console.print(f"[green]✓[/green] {escape(text)}")

    def warning(self, text: str) -> None:
        """What may become a failure."""
        self.console.print(f"[yellow]![/yellow] {escape(text)}")

    def failure(self, text: str) -> None:
        """What failed, in one sentence with the remedy."""
        self.console.print(f"[red]✗[/red] {escape(text)}")

    def json(self, value: Any) -> None:
        """A value for scripts, alone on standard output."""
        self.console.print(json.dumps(value, indent=2, default=str), markup=False, soft_wrap=True)


class _StepHandler(logging.Handler):
    """Turns the log of a Dagster run into progress: what a step says moves, the last of it stays."""

    def __init__(self, reporter: Reporter) -> None:
        super().__init__(logging.DEBUG)
        self._reporter = reporter
        self._said = ""
        self._is_doubtful = False

    def emit(self, record: logging.LogRecord) -> None:
        metadata = getattr(record, "dagster_meta", None) or {}
        event, step = metadata.get("dagster_event"), metadata.get("step_key")
        if not step:
            return
        if event is None:
            self._said = str(metadata["orig_message"])
            self._is_doubtful = record.levelno >= logging.WARNING
            self._reporter.progress(self._said)
        elif event.is_step_start:
            self._said, self._is_doubtful = step.replace("_", " "), False
            self._reporter.progress(self._said)
        elif event.is_step_success:
            seconds = event.event_specific_data.duration_ms / 1000
            tell = self._reporter.warning if self._is_doubtful else self._reporter.success
            tell(f"{self._said} ({seconds:,.1f} s)")


def run_logger(reporter: Reporter) -> dg.LoggerDefinition:
    """A logger for Dagster's jobs that tells the reporter instead of printing Dagster's own lines."""
    import dagster as dg

    def console(_: dg.InitLoggerContext) -> logging.Logger:
        logger = logging.Logger("flowgauge.run", logging.DEBUG)
        logger.addHandler(_StepHandler(reporter))
        return logger

    return dg.LoggerDefinition(console, config_schema={}, description="What the command prints of a run.")

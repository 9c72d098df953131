"""What a run says of the quality checks: how many passed, and which did not."""

import io
import logging
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from orchestration.checks import findings
from orchestration.console import Reporter, _StepHandler
from quality.suites import suite
from quality.validation import CheckResult, Outcome, ValidationResult

BLOCKING = next(check for check in suite("marts", ()) if check.severity == "blocking")
WARNING = next(check for check in suite("marts", ()) if check.severity == "warning")


def validation(tmp_path: Any, *outcomes: tuple[Any, Outcome]) -> ValidationResult:
    return ValidationResult("marts", tuple(CheckResult(*each) for each in outcomes), tmp_path)


def test_checks_that_did_not_pass_are_named(tmp_path: Any) -> None:
    clean = validation(tmp_path, (BLOCKING, "passed"), (WARNING, "passed"))
    assert (clean.is_clean, findings(clean)) == (True, "marts: 2 of 2 quality checks passed")
    doubtful = validation(tmp_path, (BLOCKING, "passed"), (WARNING, "failed"))
    assert not doubtful.is_clean
    assert f"1 of 2 quality checks passed; 1 warning: {WARNING.name}; see" in findings(doubtful)
    broken = validation(tmp_path, (BLOCKING, "failed"), (WARNING, "error"))
    assert f"0 of 2 quality checks passed; 2 failures: {BLOCKING.name}, {WARNING.name}" in findings(broken)


@pytest.mark.parametrize(("level", "mark"), [(logging.INFO, "✓"), (logging.WARNING, "!")])
def test_a_step_that_ended_with_a_warning_bears_no_tick(level: int, mark: str) -> None:
    said = io.StringIO()
    handler = _StepHandler(Reporter(Console(file=said)))

    def emit(level: int, message: str, event: Any) -> None:
        record = logging.LogRecord("x", level, "x", 1, message, None, None)
        record.dagster_meta = {"dagster_event": event, "step_key": "check_marts", "orig_message": message}
        handler.emit(record)

    details = SimpleNamespace(duration_ms=1500)
    ended = SimpleNamespace(is_step_start=False, is_step_success=True, event_specific_data=details)
    emit(level, "1 of 2 passed", None)
    emit(logging.DEBUG, "ended", ended)
    assert said.getvalue() == f"{mark} 1 of 2 passed (1.5 s)\n"

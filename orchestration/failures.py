"""What failed in a run of Dagster's, as sentences for people: the cause, not the machinery around it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dagster import DagsterEvent, DagsterEventType, DagsterExecutionInterruptedError

SHOWN_CHECKS = 5


@dataclass(frozen=True)
class Failure:
    """One step that failed: why, in one sentence, and the whole story for `--debug`."""

    sentence: str
    detail: str


def failures_of(events: Sequence[DagsterEvent]) -> list[Failure]:
    """The failed steps of a run, in the order in which they failed."""
    return [
        Failure(_sentence(event, events), _detail(event))
        for event in events
        if event.is_step_failure
        or (event.event_type == DagsterEventType.RUN_FAILURE and not _has_steps(events))
    ]


def is_interrupted(events: Iterable[DagsterEvent]) -> bool:
    """Whether the user stopped the run: Dagster tells Ctrl-C as the failure of the step that it met."""
    interrupts = {DagsterExecutionInterruptedError.__name__, KeyboardInterrupt.__name__}
    for event in events:
        error = event.step_failure_data.error if event.is_step_failure else None
        while error:
            if error.cls_name in interrupts:
                return True
            error = error.cause
    return False


def _has_steps(events: Iterable[DagsterEvent]) -> bool:
    return any(event.is_step_failure for event in events)


def _sentence(event: DagsterEvent, events: Sequence[DagsterEvent]) -> str:
    checks = [
        f"{check.asset_key.path[-1]}: {check.check_name.replace('_', ' ')}"
        for check in (
            each.asset_check_evaluation_data
            for each in events
            if each.event_type == DagsterEventType.ASSET_CHECK_EVALUATION and each.step_key == event.step_key
        )
        if not check.passed and check.blocking and check.severity.value == "ERROR"
    ]
    if not event.is_step_failure:
        return event.message or "the run failed"
    data = event.step_failure_data
    if data.user_failure_data and data.user_failure_data.description:
        return data.user_failure_data.description
    if checks:
        more = f" and {len(checks) - SHOWN_CHECKS} more" if len(checks) > SHOWN_CHECKS else ""
        return f"checks failed, nothing was published: {'; '.join(checks[:SHOWN_CHECKS])}{more}"
    error = data.error
    while error and error.cause:
        error = error.cause
    message = error.message.strip() if error else "no reason was given"
    return f"{(event.step_key or 'a step').replace('_', ' ')} failed: {message}"


def _detail(event: DagsterEvent) -> str:
    if event.is_step_failure and event.step_failure_data.error:
        return event.step_failure_data.error.to_string()
    return event.message or ""

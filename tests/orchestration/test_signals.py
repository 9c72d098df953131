"""Signals that end a run are not lost, also where Dagster forgets them."""

import signal
import threading

import pytest
from dagster._utils.interrupts import capture_interrupts

from orchestration.signals import ending_signals


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_that_dagster_forgets_is_known(number: signal.Signals) -> None:
    with ending_signals() as has_come:
        assert not has_come()
        with capture_interrupts():
            signal.raise_signal(number)
        assert has_come()
        assert has_come()


def test_signals_of_before_and_others_are_none() -> None:
    handler = signal.signal(signal.SIGUSR1, lambda *_: None)
    try:
        with ending_signals() as earlier, capture_interrupts():
            signal.raise_signal(signal.SIGTERM)
            assert earlier()
        with ending_signals() as has_come:
            signal.raise_signal(signal.SIGUSR1)
            assert not has_come()
    finally:
        signal.signal(signal.SIGUSR1, handler)


def test_other_threads_get_no_signals() -> None:
    told: list[bool] = []

    def look() -> None:
        with ending_signals() as has_come:
            told.append(has_come())

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert told == [False]

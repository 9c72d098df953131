"""Signals that end a run.

Dagster keeps a signal that comes between two steps for the next of them, and forgets it where none follows: a
run that was asked to stop would go on to the next job.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator

ENDING = frozenset({signal.SIGINT, signal.SIGTERM})


@contextlib.contextmanager
def ending_signals() -> Iterator[Callable[[], bool]]:
    """Tell whether a signal that ends a run has come since the block began, whoever handled it.

    Outside of the main thread, which alone gets signals, none ever comes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    os.set_blocking(writing, False)
    came: set[int] = set()

    def has_come() -> bool:
        with contextlib.suppress(BlockingIOError):
            came.update(os.read(reading, 4096))
        return not came.isdisjoint(ENDING)

    before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    try:
        yield has_come
    finally:
        signal.set_wakeup_fd(before)
        os.close(reading)
        os.close(writing)

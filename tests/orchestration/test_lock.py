"""One writer at a time, across processes."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from orchestration.lock import WarehouseBusyError, WarehouseLock, busy_holder, read_holder
from orchestration.processes import is_running

HOLD = """
import sys
from pathlib import Path
from orchestration.lock import WarehouseLock
WarehouseLock(Path(sys.argv[1])).acquire()
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def another_writer(lock: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def test_second_process_is_refused_at_once_with_who_and_since_when(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.lock"
    with another_writer(path) as writer, pytest.raises(WarehouseBusyError) as refused:
        WarehouseLock(path).acquire()
    sentence = str(refused.value)
    assert re.fullmatch(
        rf"another run \(pid {writer.pid}, since \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d UTC\) is writing .*",
        sentence,
    )
    assert "\n" not in sentence


def test_lock_of_a_killed_process_is_free_at_once(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.lock"
    with another_writer(path) as writer:
        assert busy_holder(path) is not None
        os.kill(writer.pid, signal.SIGKILL)
        writer.wait()
        assert busy_holder(path) is None
        with WarehouseLock(path):
            holder = read_holder(path)
            assert holder is not None
            assert holder.pid == os.getpid()


def test_a_process_may_hold_the_lock_several_times_and_keeps_it_to_the_last_release(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.lock"
    command, step = WarehouseLock(path), WarehouseLock(path)
    command.acquire()
    step.acquire()
    step.acquire()
    step.release()
    assert busy_holder(path) is not None
    command.release()
    assert busy_holder(path) is None
    with another_writer(path):
        pass


def test_releasing_what_is_not_held_leaves_the_holder_alone(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.lock"
    with WarehouseLock(path):
        WarehouseLock(path).release()
        assert busy_holder(path) is not None


def test_a_number_that_another_process_had_before_does_not_count_as_running() -> None:
    assert is_running(os.getpid(), datetime.now(UTC))
    assert not is_running(os.getpid(), datetime.now(UTC) - timedelta(days=3650))


def test_a_process_that_ended_but_was_not_waited_for_is_not_running() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert not is_running(process.pid, datetime.now(UTC))

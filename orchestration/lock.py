"""One writer at a time: an advisory lock beside the warehouse file, taken without waiting.

The kernel frees it with the process, however that ends, so a killed run blocks nobody. Its file says who
holds it, for the sentence that another one is refused with. Dagster's pool does the queueing between the
daemon's own runs; only this lock holds between the daemon and the command.
"""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar, Self

from orchestration.processes import is_running


class WarehouseBusyError(Exception):
    """Another process writes the warehouse."""


@dataclass(frozen=True)
class Holder:
    """The process that holds, or last held, the lock."""

    pid: int
    since: datetime


class WarehouseLock:
    """The lock of one warehouse, from `acquire` to `release`; a process may hold it several times over."""

    _descriptors: ClassVar[dict[Path, int]] = {}
    _holders: ClassVar[dict[Path, set[int]]] = {}

    def __init__(self, path: Path) -> None:
        self._path = path.absolute()

    def acquire(self) -> None:
        """Take the lock at once, or not at all; where this process holds it already, share it.

        Raises:
            WarehouseBusyError: another process holds it; says which, since when, and what to do.
        """
        if self._path not in self._descriptors:
            self._descriptors[self._path] = _locked_file(self._path)
        self._holders.setdefault(self._path, set()).add(id(self))

    def release(self) -> None:
        """Give up this object's share, and with the last one the lock."""
        holders = self._holders.get(self._path, set())
        if id(self) not in holders:
            return
        holders.remove(id(self))
        if not holders:
            descriptor = self._descriptors.pop(self._path)
            os.ftruncate(descriptor, 0)
            os.close(descriptor)

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def _locked_file(path: Path) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise WarehouseBusyError(_refusal(read_holder(path))) from None
    held = json.dumps({"pid": os.getpid(), "since": datetime.now(UTC).isoformat(timespec="seconds")})
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, held.encode(), 0)
    return descriptor


def read_holder(path: Path) -> Holder | None:
    """Who wrote the lock file last; None where nobody did or it is being written."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return Holder(content["pid"], datetime.fromisoformat(content["since"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def busy_holder(path: Path) -> Holder | None:
    """The process that is writing now, told without touching the lock; None where nobody is."""
    holder = read_holder(path)
    return holder if holder and is_running(holder.pid, holder.since) else None


def _refusal(holder: Holder | None) -> str:
    who = f"pid {holder.pid}, since {holder.since:%Y-%m-%d %H:%M:%S} UTC" if holder else "starting up"
    return f"another run ({who}) is writing the warehouse: wait for it to end, then run again"

"""Whether the process that did something still runs, by its number and a time at which it did."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

PROC = Path("/proc")
# Fields of /proc/<pid>/stat after the command's closing bracket: the state comes first, the start time, in
# clock ticks since boot, is the twentieth (proc(5) counts from 1 and includes pid and command).
STATE, STARTED = 0, 19
ROUNDING_SECONDS = 2.0


def is_running(pid: int, since: datetime) -> bool:
    """Whether the process that had the number `pid` at `since` (aware) still runs; zombies do not.

    Numbers are used again: where the system tells when a process started (Linux), a later start is another
    process. Elsewhere the number alone decides.
    """
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    try:
        fields = (PROC / str(pid) / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        boot = next(
            int(line.split()[1])
            for line in (PROC / "stat").read_text(encoding="utf-8").splitlines()
            if line.startswith("btime ")
        )
    except (OSError, StopIteration):
        return not PROC.joinpath("self").exists()
    started = boot + int(fields[STARTED]) / os.sysconf("SC_CLK_TCK")
    return fields[STATE] != "Z" and started <= since.timestamp() + ROUNDING_SECONDS

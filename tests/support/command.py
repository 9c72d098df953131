"""The `flowgauge` command as a user runs it: a process of its own, with an environment of its own."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

_HIDDEN = ("FLOWGAUGE_", "DAGSTER_", "MAKE", "MFLAGS")
"""Prefixes of what neither a developer's shell nor the `make` that runs the tests may hand on."""
COMMAND = Path(sys.executable).with_name("flowgauge")


def environment_of(folder: Path, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The shell's environment without settings of Flowgauge and make, the home in `folder`, and `extra`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_HIDDEN)}
    return {**kept, "FLOWGAUGE_HOME": str(folder / ".flowgauge"), "COLUMNS": "200", **(extra or {})}


def flowgauge(
    *arguments: str, cwd: Path, environment: Mapping[str, str] | None = None, seconds: float = 300
) -> subprocess.CompletedProcess[str]:
    """Run the command in `cwd` to its end and return what it printed.

    Raises:
        subprocess.TimeoutExpired: after `seconds`.
    """
    return subprocess.run(
        [str(COMMAND), *arguments],
        cwd=cwd,
        env=environment_of(cwd, environment),
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )

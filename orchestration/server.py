"""`flowgauge serve`: Dagster's webserver and daemon over the home, with the schedules on, on loopback only.

The command turns into `dagster dev`, so that signals, exit status and clean-up are Dagster's own. One server
at a time: two daemons would start each scheduled run twice.
"""

from __future__ import annotations

import fcntl
import os
import socket
import sys
from pathlib import Path

from orchestration.configuration import CONFIG_VARIABLE
from orchestration.home import HOME_VARIABLE, Home

LOOPBACK = "127.0.0.1"
CODE_LOCATION = "orchestration.code_location"
# `dagster dev` recommends `dg dev`, which is one more package for the same servers.
SUPERSEDED = "Function `dev_command` is superseded"


class ServeError(Exception):
    """The server cannot start; says what to do."""


def serve(settings_file: Path, home: Home, port: int) -> None:
    """Become the server; returns only by raising.

    Raises:
        ServeError: the port is taken, or this home is served already.
    """
    _claim_home(home)
    _check_port(port)
    _bury_dead_runs(home)
    os.environ.update(
        {
            "DAGSTER_HOME": str(home.dagster),
            HOME_VARIABLE: str(home.path),
            CONFIG_VARIABLE: str(settings_file.absolute()),
        }
    )
    command = [
        sys.executable,
        "-W",
        f"ignore:{SUPERSEDED}",
        "-m",
        "dagster",
        "dev",
        "--module-name",
        CODE_LOCATION,
    ]
    command += ["--host", LOOPBACK, "--port", str(port), "--log-level", "warning"]
    os.execv(sys.executable, command)  # noqa: S606


def _claim_home(home: Home) -> None:
    """Hold a lock for the life of this process, whatever program it becomes; the kernel frees it."""
    descriptor = os.open(home.dagster / "serve.lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise ServeError(f"{home.path} is being served already: use that one, or stop it first") from None
    os.set_inheritable(descriptor, True)


def _check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            raise ServeError(f"port {port} is taken: choose another with --port") from None


def _bury_dead_runs(home: Home) -> None:
    import dagster as dg

    from orchestration.recovery import report_dead_runs

    with dg.DagsterInstance.from_config(str(home.dagster)) as instance:
        report_dead_runs(instance)

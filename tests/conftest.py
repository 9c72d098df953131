"""What holds for every test: loopback only, no telemetry, nothing from the developer's shell."""

import os

import pytest
from pytest_socket import socket_allow_hosts

LOOPBACK = ["127.0.0.1", "::1", "localhost"]


@pytest.fixture(autouse=True)
def hermetic_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Forbid connections that leave the machine and hide the shell's Flowgauge, dbt and Dagster settings."""
    socket_allow_hosts(LOOPBACK, allow_unix_socket=True)
    for name in list(os.environ):
        if name.startswith(("FLOWGAUGE_", "DAGSTER_", "DBT_", "DESTINATION__", "RUNTIME__")) and name != (
            "FLOWGAUGE_REPLAY"
        ):
            monkeypatch.delenv(name)
    monkeypatch.setenv("FLOWGAUGE_HOME", str(tmp_path_factory.mktemp("home")))

"""What holds for every test: loopback only, no telemetry, nothing from the developer's shell."""

import os
import shutil
import signal
import tempfile
from pathlib import Path

import pytest
from pytest_socket import socket_allow_hosts

LOOPBACK = ["127.0.0.1", "::1", "localhost"]

LONGEST_FIRST = (
    "end_to_end/test_metric_truth.py",
    "end_to_end/recordings/test_gitlab.py",
    "end_to_end/recordings/test_github.py",
    "orchestration/test_killed_runs.py",
    "orchestration/test_demo.py",
    "transform/test_project.py",
    "transform/flow/test_invariants.py",
    "transform/metrics/test_semantic_models.py",
    "orchestration/test_run.py",
    "orchestration/test_server.py",
)
"""Files of a minute and more: what is begun last is short, so that no worker has to wait for another."""
HOMES = "end_to_end"
"""Folder of the tests that read what the first of them make: last, when that is done."""

IS_WORKER = "PYTEST_XDIST_WORKER" in os.environ


def pytest_configure() -> None:
    """Give the whole run a cache of its own, shared by workers and the processes that they start.

    A shell that runs the tests in the background has them ignore interrupts, and so would the commands that
    they start and interrupt.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if not IS_WORKER:
        os.environ["XDG_CACHE_HOME"] = tempfile.mkdtemp(prefix="flowgauge-cache-")


def pytest_unconfigure() -> None:
    """Remove the run's cache."""
    if not IS_WORKER:
        shutil.rmtree(os.environ["XDG_CACHE_HOME"], ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first, readers of whole runs last; all others stay in the order of the tree."""
    tests = Path(__file__).parent
    rank = {tests / name: place for place, name in enumerate(LONGEST_FIRST)}
    # A file that was renamed would lose its place unnoticed, and cost minutes.
    assert all(path.exists() for path in rank), sorted(path for path in rank if not path.exists())
    items.sort(key=lambda item: rank.get(item.path, len(rank) + (tests / HOMES in item.path.parents)))


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

"""The recorded APIs of ../shared/replay, started on free ports with GitHub's published schema.

Found by FLOWGAUGE_REPLAY or beside the checkout. Where ../shared is absent, tests that need it are skipped;
what else is missing (the replay in it, npm, the schema) skips them too, but fails them where CI is set.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from filelock import FileLock
from support.npm import GRAPHQL_SCHEMA, archive_of
from support.requirements import missing

TOKEN = "replay-token"
_ROOT = Path(__file__).parents[2]
_PORTS = 5
_PATIENCE_SECONDS = 60


@dataclass(frozen=True)
class Replay:
    """A running replay: the vendors' ports follow GitHub's."""

    github_url: str
    pagerduty_url: str
    expected: Path
    token: str = TOKEN

    @property
    def gitlab_url(self) -> str:
        """Address of GitLab's REST API."""
        return f"{self._after(1)}/api/v4"

    @property
    def jira_url(self) -> str:
        """Address of Jira's API."""
        return self._after(2)

    @property
    def jenkins_url(self) -> str:
        """Address of Jenkins."""
        return self._after(4)

    def _after(self, places: int) -> str:
        host, _, port = self.github_url.rpartition(":")
        return f"{host}:{int(port) + places}"


@pytest.fixture(scope="session")
def replay() -> Iterator[Replay]:
    """The running replay; skips or fails as the module says."""
    folder = replay_folder()
    with running_replay(folder, published_schema()) as running:
        yield running


def replay_folder() -> Path:
    """Where the replay is; skips or fails as the module says where there is none."""
    given = os.environ.get("FLOWGAUGE_REPLAY")
    folder = Path(given) if given else _ROOT.parent / "shared" / "replay"
    if not given and not folder.parent.is_dir():
        pytest.skip("there is no ../shared beside the checkout")
    if not (folder / "replay.py").is_file():
        missing(f"no replay at {folder}")
    return folder


def published_schema() -> Path:
    """GitHub's schema as published for npm, fetched once into the user's cache."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return archive_of(GRAPHQL_SCHEMA, cache / "flowgauge-tests")


@contextmanager
def running_replay(folder: Path, schema: Path | None) -> Iterator[Replay]:
    """The replay as a process of its own, ended with the context; GraphQL needs the schema.

    They start one after the other: two that look for ports at once find the same ones, and both would speak
    to the replay that was first to listen.
    """
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    with ExitStack() as stack:
        with FileLock(Path(tempfile.gettempdir()) / "flowgauge-replay.lock"):
            port = _free_ports()
            command = [sys.executable, "replay.py", "--port", str(port), "--token", TOKEN]
            command += ["--schema", str(schema)] if schema else []
            process = stack.enter_context(
                subprocess.Popen(
                    command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
                )
            )
            stack.callback(process.terminate)
            url = f"http://127.0.0.1:{port}"
            _wait_for(f"{url}/__stats", process)
        yield Replay(url, f"http://127.0.0.1:{port + 3}", folder / "expected")


def _free_ports() -> int:
    """The first of some ports in a row that are free now."""
    for first in range(21000, 60000, 97):
        try:
            for port in range(first, first + _PORTS):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        return first
    raise OSError("no free ports")


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the replay did not start")

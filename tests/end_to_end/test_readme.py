"""The README, tried: its settings load, the page it serves answers, what it names exists.

Its commands are run where the home of GitHub's recordings is made, and judged by `test_runs`.
"""

import os
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from support.command import environment_of
from support.github import TOKEN, FakeGitHub
from support.readme import README, ROOT, UNTIL_STOPPED, blocks, checkout, commands

from ingestion.settings import load_settings


def test_every_settings_example_is_valid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "a-token")
    first, *others = blocks("yaml")
    assert others
    path = tmp_path / "flowgauge.yaml"
    path.write_text("".join([first, *others]), encoding="utf-8")
    settings = load_settings(path)
    assert [connection.name for connection in settings.connections] == ["acme-github"]
    assert settings.teams
    assert settings.services


def test_the_served_page_answers_on_loopback_until_it_is_stopped(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    assert set(commands()) >= UNTIL_STOPPED
    with FakeGitHub(tmp_path / "github") as github:
        connection = {**github.connection(repositories=["acme/checkout"]), "token": "${GITHUB_TOKEN}"}
        folder = checkout(tmp_path / "flowgauge", {"connections": [connection]})
        with subprocess.Popen(
            [str(folder / ".venv/bin/flowgauge"), "serve", "--port", port],
            cwd=folder,
            env=environment_of(folder, {"GITHUB_TOKEN": TOKEN}),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as server:
            try:
                status = _answer(f"http://127.0.0.1:{port}/server_info", server)
            finally:
                server.send_signal(signal.SIGINT)
                server.wait(timeout=60)
    assert status == 200
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"http://127.0.0.1:{port}/server_info", timeout=5)


def _answer(url: str, server: subprocess.Popen[bytes]) -> int:
    for _ in range(240):
        assert server.poll() is None, "the server ended by itself"
        try:
            with urllib.request.urlopen(url, timeout=5) as reply:
                return int(reply.status)
        except OSError:
            time.sleep(0.5)
    return 0


def test_every_path_that_the_page_names_exists() -> None:
    named = re.findall(r"`((?:ingestion|transform|quality|serving|orchestration)/[\w./<>-]*)`", README)
    assert len(named) > 10
    known = [name.split("<")[0] for name in named]
    assert [name for name in known if not (ROOT / name).exists()] == []
    assert os.path.lexists(ROOT / "LICENSE")

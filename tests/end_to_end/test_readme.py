"""The README, tried: its settings load, each of its commands runs, its query answers."""

import os
import re
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from support.command import environment_of
from support.github import TOKEN, FakeGitHub
from support.published import query

from ingestion.settings import load_settings

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
UNTIL_STOPPED = {".venv/bin/flowgauge serve"}


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)


def commands() -> list[str]:
    lines = [line.split("#")[0].strip() for block in blocks("sh") for line in block.splitlines()]
    return [line for line in lines if line]


@pytest.fixture
def github(tmp_path: Path) -> Iterator[FakeGitHub]:
    with FakeGitHub(tmp_path / "github") as server:
        yield server


@pytest.fixture
def checkout(tmp_path: Path, github: FakeGitHub) -> Path:
    """The tracked files in a folder of their own, beside the environment that is set up already."""
    folder = tmp_path / "flowgauge"
    files = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    for name in files:
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    connection = {**github.connection(repositories=["acme/checkout"]), "token": "${GITHUB_TOKEN}"}
    settings = {"reporting_timezone": "Europe/Berlin", "connections": [connection]}
    (folder / "flowgauge.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    return folder


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


def test_every_command_runs_in_the_order_of_the_page(checkout: Path) -> None:
    assert {"make run", "make test"} <= set(commands())
    # The tests themselves are running already; that they are found is what the command can show here.
    environment = environment_of(checkout, {"GITHUB_TOKEN": TOKEN, "CI": ""})
    for command in commands():
        if command in UNTIL_STOPPED:
            continue
        arguments = [*command.split(), *(["ARGS=--collect-only -q"] if command == "make test" else [])]
        outcome = subprocess.run(
            arguments, cwd=checkout, env=environment, capture_output=True, text=True, check=False, timeout=300
        )
        assert outcome.returncode == 0, f"{command}\n{outcome.stdout[-2000:]}{outcome.stderr[-2000:]}"
    for statement in blocks("sql"):
        assert query(checkout / ".flowgauge", statement)


def test_the_served_page_answers_on_loopback_until_it_is_stopped(checkout: Path) -> None:
    port = "38471"
    assert set(commands()) >= UNTIL_STOPPED
    with subprocess.Popen(
        [str(checkout / ".venv/bin/flowgauge"), "serve", "--port", port],
        cwd=checkout,
        env=environment_of(checkout, {"GITHUB_TOKEN": TOKEN}),
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

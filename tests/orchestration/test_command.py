"""What the command says and ends with where something around it is wrong: each sentence has its remedy."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from support.command import environment_of, flowgauge
from support.installations import Installation
from support.miniature import item

from ingestion.settings import load_settings
from orchestration.doctor import examine
from orchestration.home import Home, HomeError
from orchestration.ledger import ConnectionRecord, Ledger
from orchestration.times import now

SETTINGS = """
connections:
  - {name: acme, connector: git, repositories: [{name: acme/checkout, url: "file:///nowhere"}]}
"""
REMEDY = "mend that, or name another folder by FLOWGAUGE_HOME\n"
INTERRUPTED = """
import threading, time, typer
from orchestration import cli

def version():
    threading.Thread(target=time.sleep, args=[60]).start()  # as dbt's, in the midst of a query
    raise KeyboardInterrupt

cli.app.command("version")(version)
cli.main(["version"])
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "flowgauge.yaml").write_text(SETTINGS, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("command", [("run",), ("serve",), ("demo", "--weeks", "1")])
def test_a_home_that_is_no_folder_is_refused_and_left_alone(folder: Path, command: tuple[str, ...]) -> None:
    (folder / ".flowgauge").write_text("a file", encoding="utf-8")
    ended = flowgauge(*command, cwd=folder, seconds=60)
    assert (ended.returncode, ended.stderr) == (1, f"{folder / '.flowgauge'} is no folder: {REMEDY}")
    assert {path.name for path in folder.iterdir()} == {"flowgauge.yaml", ".flowgauge"}


@pytest.mark.parametrize("is_made", [True, False])
def test_a_home_that_cannot_be_written_is_told_by_doctor_and_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *, is_made: bool
) -> None:
    home = Home(folder / ".flowgauge")
    if is_made:
        home.path.mkdir()
    standing = home.standing
    monkeypatch.setattr(os, "access", lambda path, _mode: path != standing)
    found = dict(examine(load_settings(folder / "flowgauge.yaml"), home))
    assert found["home"].level == "error"
    assert found["home"].message == f"{standing} cannot be read and written"
    with pytest.raises(HomeError, match="cannot be read and written: mend that, or name another folder"):
        home.prepare()
    assert home.path.exists() == is_made


def test_what_cannot_be_read_is_told_with_a_remedy(folder: Path) -> None:
    (folder / ".flowgauge" / "ledger.json").mkdir(parents=True)
    ended = flowgauge("status", cwd=folder)
    assert ended.returncode == 1
    assert ended.stderr == f"{folder / '.flowgauge' / 'ledger.json'}: Is a directory: {REMEDY}"


def test_doctor_does_not_ask_to_mend_a_connection_that_is_gone(folder: Path) -> None:
    home = Home(folder / ".flowgauge")
    home.prepare()
    gone = ConnectionRecord(connector="git", outcome="failed", attempted_at=now(), error="it is down")
    Ledger(connections={"gone": gone}, loading={"gone": now()}).write(home.ledger)
    settings = load_settings(folder / "flowgauge.yaml")
    assert dict(examine(settings, home))["last run"].message == "there was none yet"
    Ledger(connections={"acme": gone}).write(home.ledger)
    assert dict(examine(settings, home))["last run"].message == "failed to load acme: it is down"


def test_an_example_that_cannot_be_written_says_what_to_do(tmp_path: Path) -> None:
    ended = flowgauge("init", cwd=tmp_path, environment={"FLOWGAUGE_CONFIG": "nowhere/flowgauge.yaml"})
    told = "nowhere/flowgauge.yaml cannot be written (No such file or directory)"
    assert (ended.returncode, ended.stderr) == (1, f"{told}: name another file by FLOWGAUGE_CONFIG\n")


@pytest.mark.parametrize("option", ["--scenario", "--size", "--stack"])
def test_a_demo_of_what_there_is_not_is_a_wrong_argument(tmp_path: Path, option: str) -> None:
    ended = flowgauge("demo", option, "no-such-one", cwd=tmp_path)
    assert ended.returncode == 2
    assert "no-such-one" in ended.stderr
    assert "python -m" not in ended.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("environment", [{"PYTHONIOENCODING": "ascii"}, {"PYTHONIOENCODING": "latin-1"}])
def test_a_terminal_that_does_not_know_the_marks_is_written_to(
    tmp_path: Path, environment: Mapping[str, str]
) -> None:
    ended = flowgauge("init", cwd=tmp_path, environment=environment)
    assert (ended.returncode, ended.stdout[:8]) == (0, "? wrote ")


def test_a_run_whose_reader_goes_away_is_finished(published: Installation) -> None:
    published.hold("one", item("a", "done"))
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as nobody:
        ended = subprocess.run(
            [sys.executable, "-m", "support.miniature", "run"],
            cwd=published.folder,
            env=environment_of(published.folder, {"PYTHONPATH": str(Path(__file__).parents[1])}),
            stdout=nobody,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ("one", "a", "done") in {row[:3] for row in published.published()["fct_items"]}


def test_a_command_that_is_stopped_says_so_and_waits_for_no_thread() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, timeout=30, check=False
    )
    assert ended.returncode == 130
    assert ended.stderr.splitlines()[-1] == (
        "stopped: what was finished stays, the next run goes on from there"
    )


def test_a_full_disk_is_told_as_such(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from orchestration import cli

    monkeypatch.setenv("FLOWGAUGE_HOME", str(folder))
    monkeypatch.setattr(Home, "free_bytes", 4096)
    assert cli._tell(RuntimeError("disk I/O error"), is_debug=False) == 1
    first, second = capsys.readouterr().err.splitlines()
    assert first == f"the disk of {folder} is full: free some, then run again, it goes on"
    assert second.startswith("disk I/O error")

"""Who follows ingestion/README.md adds a connector: it works at once, and touches what the guide says."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from support.readme import copy_tracked

import ingestion
from ingestion.scaffold import ScaffoldError, planned

TREE = Path(ingestion.__path__[0]).parent
README = (TREE / "ingestion" / "README.md").read_text(encoding="utf-8")
NAME = "tickets"
LOAD = """
import sys
from pathlib import Path
from ingestion.conformance import load_example
from ingestion.conformance.bench import Bench

with Bench(load_example(sys.argv[1]), Path(sys.argv[2])) as bench:
    assert bench.history.later.moved
"""


class Checkout:
    """A copy of this checkout, with a history of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        copy_tracked(folder)
        self.git("init", "--quiet")
        self.git("add", "--all")
        self.git("-c", "user.name=t", "-c", "user.email=t@t.invalid", "commit", "--quiet", "-m", "as it was")

    def git(self, *arguments: str) -> str:
        done = subprocess.run(
            ["git", "-C", str(self.folder), *arguments], check=True, capture_output=True, text=True
        )
        return done.stdout

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run Python in the copy, with further environment variables."""
        environment = {**os.environ, "PYTHONPATH": str(self.folder), **variables}
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def python(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a module of the copy."""
        return self.run("-m", *arguments, **variables)

    def flowgauge(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.python("orchestration.cli", *arguments)


def commands() -> list[list[str]]:
    """The commands of the guide, less their comments."""
    (block,) = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    return [shlex.split(line, comments=True) for line in block.splitlines()]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A checkout in which somebody has followed the guide."""
    copy = Checkout(tmp_path_factory.mktemp("checkout"))
    for program, *arguments in commands():
        assert program == "flowgauge"
        done = copy.flowgauge(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
    return copy


def test_it_touches_its_own_folders_and_one_line(checkout: Checkout) -> None:
    (block,) = re.findall(r"It touches its own folders and one line:\n\n```\n(.*?)```", README, re.DOTALL)
    *folders, register = [line.split()[0].replace("<name>", NAME) for line in block.splitlines()]
    changed = [line.split() for line in checkout.git("diff", "--numstat", "HEAD").splitlines()]
    assert [(added, path) for added, _, path in changed] == [("1", register)]
    new = checkout.git("ls-files", "--others", "--exclude-standard").splitlines()
    assert {f"{Path(path).parent}/" for path in new} == set(folders)


def test_its_tests_pass(checkout: Checkout) -> None:
    done = checkout.python("pytest", "-q", "-p", "no:cacheprovider", f"tests/ingestion/connectors/{NAME}")
    assert done.returncode == 0, done.stdout


def test_it_is_written_in_the_house_style(checkout: Checkout) -> None:
    for arguments in (["check"], ["format", "--check"]):
        done = checkout.python("ruff", *arguments, "ingestion", f"tests/ingestion/connectors/{NAME}")
        assert done.returncode == 0, done.stdout


def test_its_models_map_what_it_loads(checkout: Checkout, tmp_path: Path) -> None:
    loaded = checkout.run("-c", LOAD, NAME, str(tmp_path))
    assert loaded.returncode == 0, loaded.stderr
    models = [f"path:models/{layer}/{NAME}" for layer in ("staging", "intermediate")]
    selection = ["--indirect-selection", "cautious", "--select", *models, "work_items"]
    arguments = ["--connectors", NAME, "--unit-tests", "build", *selection]
    done = checkout.python("transform.runner", *arguments, FLOWGAUGE_HOME=str(tmp_path / "loads"))
    assert done.returncode == 0, done.stdout + done.stderr
    with duckdb.connect(str(tmp_path / "loads" / "warehouse.duckdb"), read_only=True) as warehouse:
        found = warehouse.execute("select key, resolution from canonical.work_items order by key").fetchall()
    assert found == [(f"shop-{number}", "done" if number == 2 else None) for number in range(1, 7)]


def test_what_is_wrong_is_said_in_plain_words(checkout: Checkout) -> None:
    source = checkout.folder / "ingestion" / "connectors" / NAME / "source.py"
    right = source.read_text()
    source.write_text(right.replace('ticket["number"]', 'int(ticket["number"])'))
    try:
        done = checkout.flowgauge("connector", "check", NAME)
    finally:
        source.write_text(right)
    assert done.returncode == 1
    broken = [line for line in done.stdout.splitlines() if line.startswith("✗")]
    assert [line.split(":")[0] for line in broken] == ["✗ rejects_rows_whose_types_drifted"]


def test_a_second_connector_of_the_name_is_refused(checkout: Checkout) -> None:
    done = checkout.flowgauge("connector", "new", NAME)
    assert done.returncode == 2
    assert "is taken" in done.stderr


def test_a_dry_run_lists_and_writes_nothing(checkout: Checkout) -> None:
    before = checkout.git("status", "--porcelain")
    done = checkout.flowgauge("connector", "new", "other", "--dry-run")
    assert "would write ingestion/connectors/other/source.py" in done.stdout
    assert checkout.git("status", "--porcelain") == before


@pytest.mark.parametrize("name", ["Tickets", "my-tickets", "2tickets", "class", "", "a__b"])
def test_names_that_are_no_identifiers_are_refused(name: str) -> None:
    with pytest.raises(ScaffoldError, match="no name for a connector"):
        planned(name, TREE)

"""The README's commands against a small GitHub: what they publish, and that a second run changes nothing."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from support.command import environment_of, flowgauge
from support.github import TOKEN, FakeGitHub
from support.published import marts, query
from support.readme import UNTIL_STOPPED, blocks, checkout, commands

AS_OF = ("--as-of", "2026-10-15T00:00:00+00:00")
# The tests themselves are running already; that they are found is what their command can show here.
ARGUMENTS = {
    "make run": [f"ARGS={' '.join(AS_OF)}"],
    ".venv/bin/flowgauge run": AS_OF,
    "make test": ["ARGS=--collect-only -q"],
}


@pytest.fixture(scope="module")
def github(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeGitHub]:
    with FakeGitHub(tmp_path_factory.mktemp("github")) as server:
        yield server


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, github: FakeGitHub) -> Path:
    """A checkout in which each command of the page has run, in its order.

    Builds cost most here, so the tests go on from one another's.
    """
    settings = {
        "reporting_timezone": "Europe/Berlin",
        "connections": [{**github.connection(), "token": "${GITHUB_TOKEN}"}],
        "bots": ["reviewer-robot"],
    }
    folder = checkout(tmp_path_factory.mktemp("work") / "flowgauge", settings)
    environment = environment_of(folder, {"GITHUB_TOKEN": TOKEN, "CI": ""})
    for command in commands():
        if command not in UNTIL_STOPPED:
            arguments = [*command.split(), *ARGUMENTS.get(command, ())]
            ended = subprocess.run(
                arguments,
                cwd=folder,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
                timeout=300,
            )
            assert ended.returncode == 0, f"{command}\n{ended.stdout[-2000:]}{ended.stderr[-2000:]}"
    return folder


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    outcome = flowgauge("run", *arguments, cwd=folder, environment={"GITHUB_TOKEN": TOKEN})
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    return outcome


def raw_rows(home: Path) -> dict[str, int]:
    """Rows of each raw table of the vendor, and of each load that dlt recorded."""
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as connection:
        tables = connection.execute(
            "select table_name from information_schema.tables where table_schema = 'raw_github'"
        ).fetchall()
        return {
            table: connection.execute(f'select count(*) from raw_github."{table}"').fetchall()[0][0]
            for (table,) in tables
        }


def test_every_command_of_the_page_runs_and_its_query_answers(folder: Path) -> None:
    assert ARGUMENTS.keys() <= set(commands())
    assert blocks("sql")
    for statement in blocks("sql"):
        assert query(folder / ".flowgauge", statement)


def test_a_second_run_changes_nothing_and_loads_nothing_twice(folder: Path) -> None:
    home = folder / ".flowgauge"
    published, loaded, stamp = (
        marts(home),
        raw_rows(home),
        (home / "published" / "manifest.json").read_bytes(),
    )
    assert all(
        published[mart] for mart in ("fct_changes", "fct_stage_visits", "fct_handoffs", "fct_deployments")
    )
    run(folder, *AS_OF)
    assert raw_rows(home) == loaded
    assert marts(home) == published
    assert (home / "published" / "manifest.json").read_bytes() == stamp


def test_no_token_and_no_address_stands_in_anything_a_run_wrote(folder: Path, github: FakeGitHub) -> None:
    addresses = [
        address
        for address in github.organisation["emails"].values()
        if not address.endswith("@users.noreply.github.com")
    ]
    secrets = [TOKEN.encode(), *(address.encode() for address in addresses)]
    files = [
        path for path in (folder / ".flowgauge").rglob("*") if path.is_file() and "clones" not in path.parts
    ]
    assert len(files) > 20
    assert [(path.name, secret) for path in files for secret in secrets if secret in path.read_bytes()] == []


def test_what_is_published_tells_the_whole_story_of_a_change(folder: Path) -> None:
    tiled = query(
        folder / ".flowgauge",
        """
        select number, any_value(closed_seconds) + sum(calendar_seconds) as tiled_seconds,
            epoch(max(exited_at)) - epoch(min(entered_at)) as elapsed_seconds
        from marts.fct_stage_visits
        join marts.fct_changes on flow_item_key = change_key
        where flow_item_type = 'change'
        group by change_key, number
        having not bool_or(is_open)
        """,
    )
    assert len(tiled) > 10
    assert [row for row in tiled if row["tiled_seconds"] != row["elapsed_seconds"]] == []

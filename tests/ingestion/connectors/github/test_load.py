"""The connector through the kit, into a warehouse: what stands there after one run, and after more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
from support.github import TOKEN, FakeGitHub

from ingestion.connectors.github import CONNECTOR
from ingestion.pipeline import LoadError, LoadResult, load_connection

Load = Callable[..., LoadResult]


def loader(fake: FakeGitHub, directory: Path, **options: Any) -> Load:
    """Loads the fake into a warehouse of that directory; options are further settings of the connection."""

    def run(full_refresh: bool = False) -> LoadResult:
        return load_connection(
            CONNECTOR.settings(**fake.connection(), **options),
            warehouse=directory / "warehouse.duckdb",
            pipelines_dir=directory / "dlt",
            workspace=directory / "clones",
            full_refresh=full_refresh,
        )

    return run


@pytest.fixture
def load(fake: FakeGitHub, tmp_path: Path) -> Load:
    return loader(fake, tmp_path)


@dataclass(frozen=True)
class LoadedTwice:
    """A warehouse after two runs over facts that did not change."""

    directory: Path
    first: LoadResult
    second: LoadResult


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> LoadedTwice:
    directory = tmp_path_factory.mktemp("loaded")
    with FakeGitHub(directory / "forge") as fake:
        run = loader(fake, directory, issues=True)
        return LoadedTwice(directory, run(), run())


def read(directory: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(directory / "warehouse.duckdb"), read_only=True) as connection:
        return connection.execute(query).fetchall()


def test_the_first_run_fills_every_table_and_rejects_nothing(loaded: LoadedTwice) -> None:
    assert loaded.first.rejected == 0
    assert set(loaded.first.rows) >= {table.name for table in CONNECTOR.tables}


def test_the_second_run_loads_nothing(loaded: LoadedTwice) -> None:
    assert (dict(loaded.second.rows), loaded.second.is_changed) == ({}, False)
    assert read(loaded.directory, "select count(*), count(distinct id) from raw_github.pull_requests") == [
        (25, 25)
    ]


def test_the_sources_own_counts_agree(loaded: LoadedTwice) -> None:
    differing = """
        select scope, source_count, count(*) from raw_github.source_counts
        join raw_github.pull_requests on scope = 'repository_id=' || repository_id
        group by all having source_count <> count(*)
    """
    assert read(loaded.directory, differing) == []
    assert read(loaded.directory, "select count(*) from raw_github.source_counts") == [(2,)]


def test_no_address_and_no_token_is_in_the_warehouse(loaded: LoadedTwice) -> None:
    content = (loaded.directory / "warehouse.duckdb").read_bytes()
    assert b"alice/cart" in content
    assert b"alice@acme.example" not in content
    assert TOKEN.encode() not in content


def test_shas_of_the_forge_and_of_git_meet(loaded: LoadedTwice) -> None:
    stray = """
        select merge_sha from raw_github.pull_requests
        where merge_sha is not null and merge_sha not in (select sha from raw_github.commits)
        union all
        select sha from raw_github.deployments where sha not in (select sha from raw_github.commits)
    """
    assert read(loaded.directory, stray) == []


def test_children_that_vanish_are_removed(fake: FakeGitHub, load: Load, tmp_path: Path) -> None:
    load()
    row = fake.pull_request(14)
    row.update(updated_at="2026-09-14T12:00:00Z", files=[], timeline=[])
    load()
    gone = "select count(*) from raw_github.{} where pull_request_id = '50114'"
    assert read(tmp_path, gone.format("pull_request_files")) == [(0,)]
    assert read(tmp_path, gone.format("pull_request_timeline")) == [(0,)]


def test_a_run_that_fails_halfway_changes_nothing(fake: FakeGitHub, load: Load, tmp_path: Path) -> None:
    load()
    fake.pull_request(14)["updated_at"] = "2026-09-15T11:00:00Z"
    fake.fail("errors", "Releases")
    with pytest.raises(LoadError):
        load()
    found = read(tmp_path, "select updated_at::varchar from raw_github.pull_requests where id = '50114'")
    assert not found[0][0].startswith("2026-09-15")
    assert load().rows["pull_requests"] == 1


def test_a_full_refresh_removes_what_is_gone(fake: FakeGitHub, load: Load, tmp_path: Path) -> None:
    load()
    fake.repository()["releases"] = fake.repository()["releases"][:1]
    assert load().is_changed is False
    load(full_refresh=True)
    assert read(tmp_path, "select count(*) from raw_github.releases where repository_id = '501'") == [(1,)]

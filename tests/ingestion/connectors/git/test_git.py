"""A repository without a forge: what is read of it, what is read again, and what makes no sense."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from pydantic import ValidationError
from support.raw_tables import provided_by_each
from support.trunk import AIDER, GRACE, Trunk, worked_on

from ingestion.connector import Extraction
from ingestion.connectors.git import CONNECTOR
from ingestion.connectors.git.settings import EXAMPLE, place_of
from ingestion.identity import EmailHasher
from ingestion.organisation import load_organisation
from ingestion.pipeline import LoadError, LoadResult, load_connection
from ingestion.settings import Settings, load_settings
from transform.runner import DbtProject, provided_entities

Load = Callable[..., LoadResult]
NOW = datetime(2026, 9, 2, tzinfo=UTC)


def settings(trunk: Trunk, **changes: Any) -> Any:
    repository = {"name": "acme/checkout", "url": f"file://{trunk.path}", "releases": "v*", **changes}
    return CONNECTOR.settings.model_validate(
        {"name": "acme-git", "connector": "git", "repositories": [repository]}
    )


def loader(trunk: Trunk, folder: Path) -> Load:
    """Loads the repository into `warehouse.duckdb` of the folder, as the settings given say."""

    def run(*, full_refresh: bool = False, **changes: Any) -> LoadResult:
        return load_connection(
            settings(trunk, **changes),
            warehouse=folder / "warehouse.duckdb",
            pipelines_dir=folder / "dlt",
            workspace=folder / "clones",
            full_refresh=full_refresh,
        )

    return run


@pytest.fixture
def trunk(tmp_path: Path) -> Trunk:
    return worked_on(tmp_path / "checkout.git")


@pytest.fixture
def load(trunk: Trunk, tmp_path: Path) -> Load:
    return loader(trunk, tmp_path)


def read(folder: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(folder / "warehouse.duckdb"), read_only=True) as connection:
        return connection.execute(query).fetchall()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository in the words of the canonical relations, with the tests of its models."""
    folder = tmp_path_factory.mktemp("built")
    trunk = worked_on(folder / "checkout.git")
    loader(trunk, folder)()
    load_organisation(Settings(connections=(settings(trunk),)), folder / "warehouse.duckdb")
    project = DbtProject(folder / "warehouse.duckdb", folder / "target", provided_by_each())
    project.invoke(["build", "--select", "+path:models/intermediate/git", "--indirect-selection", "cautious"])
    return folder


def test_trunk_is_commits_without_changes(built: Path) -> None:
    commits = read(
        built,
        "select commits.assistant_markers, accounts.login, accounts.kind, parent_count, is_on_default_branch "
        "from intermediate.int_git__commits as commits "
        "join intermediate.int_git__accounts as accounts on author_account = accounts.source_id "
        "order by committed_at",
    )
    assert commits == [
        ("trailer:aider", "Ada Lovelace", "human", 0, True),
        ("note:cursor", "Grace Hopper", "human", 1, True),
        ("author:claude_code", "Claude", "ai_agent", 1, True),
    ]
    assert read(built, "select count(*) from intermediate.int_git__commit_ancestry") == [(2,)]
    assert "changes" not in provided_entities("git")


def test_tags_that_the_pattern_names_are_releases(built: Path) -> None:
    releases = read(built, "select name, published_at::text, is_bare_tag from intermediate.int_git__releases")
    assert releases == [("v1.0.0", "2026-09-01 01:00:00", False)]


def test_the_repository_bears_the_name_that_the_settings_give(built: Path) -> None:
    query = "select source_id, name, default_branch from intermediate.int_git__repositories"
    assert read(built, query) == [("acme/checkout", "acme/checkout", "main")]


def test_no_message_and_no_address_is_in_the_warehouse(built: Path) -> None:
    content = (built / "warehouse.duckdb").read_bytes()
    assert b"acme/checkout" in content
    assert b"ada@acme.example" not in content
    assert b"Ask Claude Code" not in content


def test_without_news_nothing_changes(load: Load) -> None:
    load()
    assert load().is_changed is False


def test_only_new_commits_are_loaded(load: Load, trunk: Trunk) -> None:
    load()
    trunk.commit("More", GRACE)
    assert dict(load().rows) == {"commits": 1, "commit_parents": 1, "accounts": 1}


@pytest.mark.parametrize("locked", ["config", "packed-refs", "refs/heads/main"])
def test_a_fetch_that_was_killed_keeps_no_later_one_from_reading(
    load: Load, trunk: Trunk, tmp_path: Path, locked: str
) -> None:
    load()
    (clone,) = (path.parent for path in (tmp_path / "clones").rglob("HEAD"))
    (clone / f"{locked}.lock").touch()
    trunk.commit("More", GRACE)
    assert load().rows["commits"] == 1


def test_an_author_bears_the_name_of_the_newest_commit(load: Load, trunk: Trunk, tmp_path: Path) -> None:
    trunk.commit("Named otherwise", AIDER)
    load()
    names = "select name, is_assistant from raw_git.accounts where name ilike '%grace%'"
    assert read(tmp_path, names) == [("Grace Hopper (aider)", True)]


@pytest.mark.parametrize("date", ["99999999999999999999 +0000", "300000000000 +0000", "yesterday", ""])
def test_a_commit_without_a_time_keeps_no_other_from_being_read(
    load: Load, trunk: Trunk, tmp_path: Path, date: str
) -> None:
    broken = tmp_path / "broken"
    tip = trunk.git("rev-parse", "main")
    people = f"author Old Tool <old@acme.example> {date}\ncommitter Old Tool <old@acme.example> {date}\n"
    tree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
    broken.write_text(f"tree {tree}\nparent {tip}\n{people}\nImport\n")
    sha = trunk.git("hash-object", "-t", "commit", "-w", "--literally", str(broken))
    trunk.git("update-ref", "refs/heads/main", sha)
    load()
    commits = read(tmp_path, f"select sha, authored_at from raw_git.commits where sha in ('{tip}', '{sha}')")
    assert {found: at is None for found, at in commits} == {tip: False, sha: True}
    assert read(tmp_path, "select count(*) from raw_git.accounts where name = 'Old Tool'") == [(1,)]


def test_a_pattern_that_changes_makes_other_tags_releases(load: Load, tmp_path: Path) -> None:
    load()
    load(releases="n*")
    assert read(tmp_path, "select name from raw_git.tags") == [("nightly",)]


def test_a_deleted_tag_is_no_release_any_more(load: Load, trunk: Trunk, tmp_path: Path) -> None:
    load()
    trunk.git("tag", "-d", "v1.0.0")
    load()
    assert read(tmp_path, "select count(*) from raw_git.tags") == [(0,)]


def test_a_local_repository_is_read_as_it_is(load: Load, trunk: Trunk, tmp_path: Path) -> None:
    load(url=None, path=str(trunk.path))
    assert read(tmp_path, "select count(*) from raw_git.commits") == [(3,)]
    assert not list((tmp_path / "clones").iterdir())


def test_a_default_branch_that_is_not_there_is_told_with_those_that_are(load: Load) -> None:
    with pytest.raises(LoadError, match="no branch trunk; set default_branch to one of main"):
        load(default_branch="trunk")


def extraction(chosen: Any, folder: Path) -> Extraction:
    return Extraction(chosen, CONNECTOR.client(chosen), {}, NOW, folder, EmailHasher(b"key"))


def test_the_check_reads_without_cloning(trunk: Trunk, tmp_path: Path) -> None:
    (found,) = CONNECTOR.check(extraction(settings(trunk), tmp_path / "clones"))
    assert (found.level, found.message) == ("ok", "acme/checkout can be read, 1 branches")
    assert not list((tmp_path / "clones").rglob("*.git"))
    (lost,) = CONNECTOR.check(extraction(settings(trunk, url="file:///nowhere.git"), tmp_path / "clones"))
    assert lost.level == "error"


def test_the_token_is_for_one_host_only(tmp_path: Path) -> None:
    chosen = CONNECTOR.settings.model_validate(
        {
            "name": "acme-git",
            "connector": "git",
            "token_origin": "https://git.acme.example",
            "token": "t-0-k-e-n",
            "repositories": [{"name": "a/b", "url": "https://git.acme.example/a/b.git"}],
        }
    )
    (repository,) = chosen.repositories
    git = place_of(extraction(chosen, tmp_path), repository).git
    assert git.origin == "https://git.acme.example"
    assert git.path.name == "a%2Fb.git"
    assert "t-0-k-e-n" not in repr(git)


ONE = {"name": "acme/a", "url": "https://git.acme.example/a.git"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"repositories": []}, "at least 1 item"),
        ({"repositories": [ONE, ONE]}, "two repositories are called acme/a"),
        ({"repositories": [{"name": "acme/a"}]}, "either url or path"),
        ({"repositories": [{**ONE, "path": "/x"}]}, "either url or path"),
        ({"repositories": [{**ONE, "url": "ext::sh -c true"}]}, "url must begin with"),
        ({"token": "t"}, "token and token_origin together"),
        ({"token": "t", "token_origin": "https://git.acme.example/path"}, "should match pattern"),
    ],
)
def test_settings_that_do_not_fit_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        CONNECTOR.settings.model_validate(
            {"name": "acme-git", "connector": "git", "repositories": [ONE], **changes}
        )


def test_the_example_is_one_that_works(tmp_path: Path) -> None:
    path = tmp_path / "flowgauge.yaml"
    path.write_text("connections:\n" + EXAMPLE)
    (chosen,) = load_settings(path).connections
    assert [one.name for one in chosen.repositories] == ["acme/checkout", "acme/tools"]


def test_a_relative_path_lies_beside_the_settings(tmp_path: Path) -> None:
    path = tmp_path / "flowgauge.yaml"
    path.write_text(
        "connections: [{name: g, connector: git, repositories: [{name: a/b, path: mirrors/b.git}]}]\n"
    )
    (chosen,) = load_settings(path).connections
    assert chosen.repositories[0].path == str(tmp_path / "mirrors" / "b.git")

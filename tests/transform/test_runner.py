"""How dbt is called: quietly, within its own folders, and without keeping the warehouse."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest
from dbt import tracking
from support.raw_tables import raw_warehouse

from transform.runner import (
    PARSED,
    PROJECT_DIR,
    WAREHOUSE_VARIABLE,
    DbtProject,
    TransformError,
    main,
    provided_entities,
)


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWGAUGE_TEST_TOKEN", "t")


def with_github(folder: Path, **options: Any) -> DbtProject:
    connectors = {"github": provided_entities("github")}
    return DbtProject(folder / "warehouse.duckdb", folder / "dbt" / "target", connectors, **options)


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> DbtProject:
    """A project without connectors, parsed once: every relation of it can be built from nothing."""
    folder = tmp_path_factory.mktemp("bare")
    return DbtProject(folder / "warehouse.duckdb", folder / "dbt" / "target", {})


def files_of_the_project() -> set[Path]:
    return {path for path in PROJECT_DIR.rglob("*") if "__pycache__" not in path.parts}


def test_a_call_writes_into_its_own_folders_only(bare: DbtProject) -> None:
    before = files_of_the_project()
    bare.invoke(["build", "--select", "accounts"])
    assert files_of_the_project() == before
    assert list(bare.target.rglob("*.sql"))
    assert list((bare.target.parent / "logs").iterdir())


def test_a_call_prints_nothing_and_sends_nothing(bare: DbtProject, capfd: pytest.CaptureFixture[str]) -> None:
    bare.invoke(["build", "--select", "accounts"])
    assert capfd.readouterr() == ("", "")
    assert tracking.active_user is not None
    assert tracking.active_user.do_not_track


def test_the_warehouse_is_free_after_a_call(bare: DbtProject) -> None:
    bare.invoke(["build", "--select", "accounts"])
    with duckdb.connect(str(bare.warehouse), read_only=True) as connection:
        assert connection.execute("select count(*) from canonical.accounts").fetchone() == (0,)


def test_the_warehouse_is_free_after_a_failure(tmp_path: Path) -> None:
    with pytest.raises(TransformError):
        with_github(tmp_path).invoke(["build", "--select", "stg_github__accounts"])
    with duckdb.connect(str(tmp_path / "warehouse.duckdb"), read_only=True) as connection:
        assert connection.execute("select 1").fetchone() == (1,)


def test_a_failure_names_the_model_and_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(TransformError) as caught:
        with_github(tmp_path).invoke(["build", "--select", "stg_github__accounts", "stg_github__tags"])
    assert [failure.name for failure in caught.value.failures] == ["stg_github__accounts", "stg_github__tags"]
    assert str(caught.value).startswith("dbt build failed at 2 of ")
    assert "stg_github__accounts (error): Catalog Error: Table with name" in str(caught.value)


def test_a_failed_test_is_a_failure(tmp_path: Path) -> None:
    same_key = [{"id": "1", "login": "alice"}, {"id": "1", "login": "bob"}]
    raw_warehouse(tmp_path, {"accounts": same_key})
    with pytest.raises(TransformError) as caught:
        with_github(tmp_path).invoke(["build", "--select", "stg_github__accounts"])
    assert [failure.status for failure in caught.value.failures] == ["fail"]


def test_a_wrong_command_is_an_error_with_its_reason(bare: DbtProject) -> None:
    with pytest.raises(TransformError, match="No such option"):
        bare.invoke(["build", "--no-such-option"])


def test_an_interruption_stays_one(bare: DbtProject) -> None:
    def interrupt(_event: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bare.invoke(["list", "--select", "accounts"], [interrupt])


def test_variables_of_the_environment_are_as_before(
    bare: DbtProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare.invoke(["list", "--select", "accounts"])
    assert WAREHOUSE_VARIABLE not in os.environ
    monkeypatch.setenv(WAREHOUSE_VARIABLE, "mine")
    bare.invoke(["list", "--select", "accounts"])
    assert os.environ[WAREHOUSE_VARIABLE] == "mine"


def test_unit_tests_run_only_where_they_are_asked_for(tmp_path: Path) -> None:
    raw_warehouse(tmp_path)
    selection = ["build", "--select", "+int_github__reviews"]

    def kinds(project: DbtProject) -> set[str]:
        return {str(result.node.resource_type) for result in project.invoke(selection).results}

    assert "unit_test" not in kinds(with_github(tmp_path))
    assert "unit_test" in kinds(with_github(tmp_path, with_unit_tests=True))


def test_callbacks_hear_of_each_model(bare: DbtProject) -> None:
    heard: list[str] = []
    bare.invoke(["build", "--select", "accounts"], [lambda event: heard.append(event.info.name)])
    assert "LogModelResult" in heard
    assert "LogTestResult" in heard


def test_the_manifest_is_that_of_the_enabled_connectors(bare: DbtProject, tmp_path: Path) -> None:
    def connector_models(project: DbtProject) -> list[str]:
        return [name for name in project.parse()["nodes"] if "github__" in name and name.startswith("model.")]

    assert connector_models(bare) == []
    assert "model.flowgauge.int_github__changes" in connector_models(with_github(tmp_path))


def test_developers_can_build_from_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FLOWGAUGE_HOME", str(tmp_path))
    assert main(["build", "--select", "accounts", "--connectors", ""]) == 0
    assert "success  accounts" in capsys.readouterr().out
    assert main(["build", "--select", "stg_github__accounts"]) == 1
    assert "stg_github__accounts (error)" in capsys.readouterr().err


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of one model in place of the real one, and a cache of its own."""
    folder = tmp_path / "project"
    (folder / "models").mkdir(parents=True)
    profile = (PROJECT_DIR / "profiles.yml").read_text(encoding="utf-8")
    (folder / "profiles.yml").write_text(profile, encoding="utf-8")
    (folder / "dbt_project.yml").write_text("{name: tiny, profile: flowgauge}\n", encoding="utf-8")
    (folder / "models" / "one.sql").write_text("select 1 as one\n", encoding="utf-8")
    monkeypatch.setattr("transform.runner.PROJECT_DIR", folder)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return folder


def installation(folder: Path) -> DbtProject:
    return DbtProject(folder / "warehouse.duckdb", folder / "dbt" / "target", {})


def is_parsed(project: DbtProject) -> bool:
    """Whether dbt had to parse, which leaves what it has parsed in the target."""
    project.parse()
    return (project.target / PARSED).exists()


@pytest.mark.usefixtures("tiny")
def test_an_installation_starts_from_what_another_has_parsed(tmp_path: Path) -> None:
    assert is_parsed(installation(tmp_path / "first"))
    second = installation(tmp_path / "second")
    assert not is_parsed(second)
    second.invoke(["run"])
    with duckdb.connect(str(second.warehouse), read_only=True) as connection:
        assert connection.execute("select one from main.one").fetchone() == (1,)


PARSE_ALONE = """
import sys
from pathlib import Path
from transform import runner
runner.PROJECT_DIR = Path(sys.argv[1])
project = runner.DbtProject(Path(sys.argv[2], "warehouse.duckdb"), Path(sys.argv[2], "target"), {})
print(*project.parse()["nodes"], (project.target / runner.PARSED).exists())
"""


def test_a_process_that_never_called_dbt_reads_what_another_has_parsed(tiny: Path, tmp_path: Path) -> None:
    installation(tmp_path / "first").parse()
    command = [sys.executable, "-c", PARSE_ALONE, str(tiny), str(tmp_path / "second")]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.stdout.split() == ["model.tiny.one", "False"], ended.stderr


def test_a_model_that_changed_since_is_parsed_anew(tiny: Path, tmp_path: Path) -> None:
    installation(tmp_path / "first").parse()
    (tiny / "models" / "one.sql").write_text("select 2 as one\n", encoding="utf-8")
    nodes = installation(tmp_path / "second").parse()["nodes"]
    assert nodes["model.tiny.one"]["raw_code"] == "select 2 as one"


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize("spoilt", ["cannot be read", "cannot be written"])
def test_an_unusable_cache_costs_time_only(tmp_path: Path, spoilt: str) -> None:
    if spoilt == "cannot be read":
        first = installation(tmp_path / "first")
        first.parse()
        (kept,) = (tmp_path / "cache").rglob("*.msgpack")
        kept.write_bytes(b"spoilt")
    else:
        (tmp_path / "cache").write_text("a file where a folder should be", encoding="utf-8")
    assert installation(tmp_path / "second").parse()["nodes"]

"""The whole project over declared but empty raw tables: it builds, unit tests pass, all is described."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from support.dbt_layers import models
from support.raw_tables import raw_warehouse

from ingestion.identity import EmailHasher
from transform.containment import compute_containment
from transform.identity import resolve_identities
from transform.runner import DbtProject, provided_entities


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> DbtProject:
    """Built as a run does: canonical relations, containment, everything else; unit tests included."""
    folder = tmp_path_factory.mktemp("project")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FLOWGAUGE_TEST_TOKEN", "t")
        warehouse = raw_warehouse(folder)
    connectors = {"github": provided_entities("github")}
    project = DbtProject(warehouse, folder / "target", connectors, with_unit_tests=True)
    project.invoke(["build", "--select", "+path:models/canonical"])
    compute_containment(warehouse)
    resolve_identities(warehouse, EmailHasher(b"k").key_of)
    project.invoke(["build", "--exclude", "+path:models/canonical"])
    return project


def test_every_column_of_every_relation_is_described(project: DbtProject) -> None:
    described = {
        (node["schema"], node["name"], column)
        for node in models(project.parse())
        for column in node["columns"]
    }
    with duckdb.connect(str(project.warehouse), read_only=True) as connection:
        built = connection.execute(
            "select table_schema, table_name, column_name from information_schema.columns "
            "where table_schema in ('staging', 'intermediate', 'canonical', 'marts', 'metrics')"
        ).fetchall()
    assert set(built) == described


def test_every_unit_test_belongs_to_a_model_that_is_no_union(project: DbtProject) -> None:
    manifest = project.parse()
    tested = {
        manifest["nodes"][each["depends_on"]["nodes"][0]]["path"] for each in manifest["unit_tests"].values()
    }
    assert len(tested) > 10
    assert not [path for path in tested if path.startswith("canonical/")]


def test_a_second_build_without_connectors_empties_what_is_no_longer_provided(
    project: DbtProject, tmp_path: Path
) -> None:
    bare = DbtProject(project.warehouse, tmp_path / "target", {})
    bare.invoke(["run", "--select", "path:models/canonical"])
    with duckdb.connect(str(project.warehouse), read_only=True) as connection:
        assert connection.execute("select count(*) from canonical.changes").fetchone() == (0,)

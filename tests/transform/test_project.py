"""The whole project over declared but empty raw tables: it builds, unit tests pass, all is described."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from support.dbt_layers import models
from support.raw_tables import provided_by_each, raw_warehouse

from ingestion.connector import connectors
from ingestion.identity import EmailHasher
from transform.containment import compute_containment
from transform.identity import resolve_identities
from transform.runner import PROVIDED_BY_ALL, DbtProject, provided_entities


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> DbtProject:
    """Built as a run does: canonical relations, containment, everything else.

    With unit tests and without the others, which find nothing wrong with what is empty.
    """
    folder = tmp_path_factory.mktemp("project")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FLOWGAUGE_TEST_TOKEN", "t")
        warehouse = raw_warehouse(folder)
    project = DbtProject(warehouse, folder / "target", provided_by_each(), with_unit_tests=True)
    without_tests = ["--exclude-resource-type", "test"]
    project.invoke(["build", "--select", "+path:models/canonical", *without_tests])
    compute_containment(warehouse)
    resolve_identities(warehouse, EmailHasher(b"k").key_of)
    project.invoke(["build", "--exclude", "+path:models/canonical", *without_tests])
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


def test_what_must_not_be_null_is_refused_by_the_table(project: DbtProject) -> None:
    required = {
        (node["schema"], node["name"], column["name"])
        for node in models(project.parse())
        for column in node["columns"].values()
        if {"type": "not_null"}.items() <= next(iter(column["constraints"]), {}).items()
    }
    with duckdb.connect(str(project.warehouse), read_only=True) as connection:
        refusing = connection.execute(
            "select schema_name, table_name, column_name from duckdb_columns() where not is_nullable "
            "and schema_name in ('canonical', 'marts', 'metrics')"
        ).fetchall()
    assert len(required) > 100
    assert set(refusing) == required


@pytest.mark.parametrize("connector", sorted(connectors()))
def test_relations_of_a_connector_build_when_it_is_the_only_one(project: DbtProject, connector: str) -> None:
    """Its relations have the contract's types by themselves: a union would lend them those of the others.

    That they read no other connector's models is a rule of the layers.
    """
    entities = [*provided_entities(connector), PROVIDED_BY_ALL]
    assert len(entities) > 1
    with duckdb.connect(str(project.warehouse), read_only=True) as connection:
        differing = [
            (entity, *found)
            for entity in entities
            for found in differing_types(connection, connector, entity)
        ]
    assert differing == []


def differing_types(
    connection: duckdb.DuckDBPyConnection, connector: str, entity: str
) -> Iterator[tuple[str, str, str]]:
    """Columns whose type is not the contract's, in the relation as dbt reads it: a query without rows."""
    wanted = connection.execute(f"select * from canonical.{entity} limit 0").description
    columns = ", ".join(name for name, *_ in wanted)
    relation = f"intermediate.int_{connector}__{entity}"
    given = connection.execute(f"select {columns} from {relation} where false limit 0").description
    for (name, expected, *_), (_, found, *_) in zip(wanted, given, strict=True):
        if found != expected:
            yield name, str(found), str(expected)


def test_a_column_whose_type_another_connector_would_lend_is_found() -> None:
    with duckdb.connect() as connection:
        connection.execute("create schema canonical; create schema intermediate")
        connection.execute(
            "create table canonical.branch_rules (repository text, required_check_names text[])"
        )
        connection.execute(
            "create view intermediate.int_forge__branch_rules as "
            "select 'r' as repository, from_json(cast(null as json), '[\"VARCHAR\"]') as required_check_names"
        )
        found = list(differing_types(connection, "forge", "branch_rules"))
    assert [name for name, *_ in found] == ["required_check_names"]


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

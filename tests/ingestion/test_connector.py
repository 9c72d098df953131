"""The register, and what every registered connector declares."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.toy_connector import toy, yielding

import ingestion
from ingestion.connector import REGISTERED, Connector, ConnectorError, connectors
from ingestion.settings import BaseConnectionSettings


def test_each_folder_of_a_connector_is_registered() -> None:
    folders = {path.parent.name for path in Path(ingestion.__path__[0]).glob("connectors/*/__init__.py")}
    assert set(REGISTERED) == folders


@pytest.mark.parametrize("name", REGISTERED)
class TestDeclarations:
    def connector(self, name: str) -> Connector:
        return connectors()[name]

    def test_it_bears_the_name_of_its_folder(self, name: str) -> None:
        connector = self.connector(name)
        assert connector.name == name
        assert connector.dataset == f"raw_{name}"
        assert connector.title

    def test_tables_have_names_of_their_own(self, name: str) -> None:
        names = [table.name for table in self.connector(name).all_tables]
        assert len(names) == len(set(names))

    def test_descriptions_tell_the_grain_and_each_column(self, name: str) -> None:
        for table in self.connector(name).all_tables:
            assert table.description.startswith("One row per "), table.name
            for column in table.columns:
                assert re.search(r"\w", column.description), f"{table.name}.{column.name}"

    def test_settings_are_those_of_a_connection(self, name: str) -> None:
        model = self.connector(name).settings
        assert issubclass(model, BaseConnectionSettings)
        assert model.model_config["extra"] == "forbid"


def test_a_table_that_is_not_declared_is_the_connectors_defect() -> None:
    connector = toy(yielding())
    assert connector.table("items").name == "items"
    with pytest.raises(ConnectorError, match="surprises"):
        connector.table("surprises")

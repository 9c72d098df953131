"""The page of a connector tells all that its declaration says."""

from __future__ import annotations

import pytest

from ingestion.connector import REGISTERED, connectors
from ingestion.page import page


@pytest.mark.parametrize("name", REGISTERED)
def test_the_page_tells_each_table_column_setting_and_entity(name: str) -> None:
    connector = connectors()[name]
    text = page(connector)
    for table in connector.tables:
        assert f"## `{connector.dataset}.{table.name}`" in text
        assert table.deletion in text
        for column in table.columns:
            assert f"| `{column.name}` | {column.data_type} |" in text
    for named in (*connector.settings.model_fields, *connector.provides):
        assert f"| `{named}` |" in text

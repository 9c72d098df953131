"""A prepared warehouse that each test of the flow starts from a copy of."""

import pytest
from support.histories import FlowWarehouse


@pytest.fixture(scope="session")
def prepared_warehouse(tmp_path_factory: pytest.TempPathFactory) -> FlowWarehouse:
    return FlowWarehouse.prepared(tmp_path_factory)

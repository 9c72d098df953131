"""A prepared warehouse, made once, that each test of the flow starts from."""

import pytest
from support.histories import FlowWarehouse


@pytest.fixture(scope="session")
def prepared_warehouse(tmp_path_factory: pytest.TempPathFactory) -> FlowWarehouse:
    warehouse = FlowWarehouse(tmp_path_factory.mktemp("prepared"))
    warehouse.prepare()
    return warehouse

"""One small company, transformed once with its metrics, and MetricFlow's engine over it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.adapters.factory import get_adapter_by_type
from dbt_metricflow.cli.dbt_connectors.adapter_backed_client import AdapterBackedSqlClient
from metricflow.engine.metricflow_engine import MetricFlowEngine
from metricflow_semantics.model.dbt_manifest_parser import parse_manifest_from_dbt_generated_manifest
from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup
from support.histories import MODELS, FlowWarehouse
from support.metric_history import metric_history


@pytest.fixture(scope="session")
def metric_warehouse(tmp_path_factory: pytest.TempPathFactory) -> FlowWarehouse:
    warehouse = FlowWarehouse.prepared(tmp_path_factory)
    warehouse.write(*metric_history())
    warehouse.transform(*MODELS, "path:models/intermediate/metrics", "path:models/metrics")
    return warehouse


@pytest.fixture
def engine(metric_warehouse: FlowWarehouse) -> Iterator[MetricFlowEngine]:
    """The engine that `mf` uses, over our own target folder and dbt's connection to the file."""
    metric_warehouse.project.invoke(["list", "--select", "metric_coverage"])
    written = Path(metric_warehouse.project.target, "semantic_manifest.json").read_text(encoding="utf-8")
    manifest = parse_manifest_from_dbt_generated_manifest(written)
    client = AdapterBackedSqlClient(get_adapter_by_type("duckdb"))
    yield MetricFlowEngine(SemanticManifestLookup(manifest), client)
    DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]

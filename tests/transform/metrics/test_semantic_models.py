"""Each metric is defined once and completely, and MetricFlow's engine finds what the mart says."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from metricflow.engine.metricflow_engine import MetricFlowEngine, MetricFlowQueryRequest
from support.histories import FlowWarehouse

from transform.runner import PROJECT_DIR

CLOCKED = {"unit", "clock", "starts", "stops", "competes", "censored", "excludes", "source", "mart", "column"}
COUNTED = {"unit", "clock", "numerator", "excludes", "source", "mart", "column"}
TIMES = {"week_start", "hour_starts_at"}
UNTOLD = {"approval_wait", "auto_resolution", "prompt_to_production"}
"""Latencies of which the company of this test has no case; a p90 needs more cases than it has."""
Figures = dict[tuple[str, ...], float]


@pytest.fixture(scope="module")
def manifest(metric_warehouse: FlowWarehouse) -> Mapping[str, Any]:
    return metric_warehouse.project.parse()


@pytest.fixture(scope="module")
def metrics(manifest: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {metric["name"]: metric for metric in manifest["metrics"].values() if metric["config"]["meta"]}


@pytest.fixture(scope="module")
def entities(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Mart → the entity that its dimensions are asked by."""
    return {model["name"]: model["entities"][0]["name"] for model in manifest["semantic_models"].values()}


def key(values: Any) -> tuple[str, ...]:
    """What a figure is told by; instants and days read alike."""
    return tuple(
        value.isoformat()[:19].removesuffix("T00:00:00") if isinstance(value, date | datetime) else str(value)
        for value in values
    )


def of_the_mart(warehouse: FlowWarehouse, metric: Mapping[str, Any]) -> Figures:
    """Figures of the organisation as a whole."""
    meta = metric["config"]["meta"]
    relation = f"metrics.{meta['mart']}"
    columns = {row["column_name"] for row in warehouse.rows(f"describe {relation}")}
    by = told_by(meta, columns)
    where = [f"{column} = '{value}'" for column, value in meta.get("where", {}).items()]
    where += [f"{meta['column']} is not null", *(["scope = 'organisation'"] if "scope" in columns else [])]
    rows = warehouse.rows(
        f"select {', '.join([*by, meta['column']])} from {relation} where {' and '.join(where)}"
    )
    return {key(row[name] for name in by): float(row[meta["column"]]) for row in rows}


def told_by(meta: Mapping[str, Any], columns: set[str]) -> list[str]:
    by = list(meta.get("by", ()))
    return by if TIMES & set(by) or "week_start" not in columns else ["week_start", *by]


def of_the_engine(
    engine: MetricFlowEngine, metric: Mapping[str, Any], entity: str, columns: set[str]
) -> Figures:
    by = told_by(metric["config"]["meta"], columns)
    scope = [f"{{{{ Dimension('{entity}__scope') }}}} = 'organisation'"] if "scope" in columns else None
    asked = [f"{entity}__{name}" for name in by]
    request = MetricFlowQueryRequest.create(
        metric_names=[metric["name"]], group_by_names=asked, where_constraints=scope
    )
    table = engine.query(request).result_df
    assert table is not None
    names = list(table.column_names)
    places = [next(i for i, each in enumerate(names) if each.startswith(name)) for name in asked]
    figure = names.index(metric["name"])
    return {
        key(row[place] for place in places): float(row[figure])
        for row in table.rows
        if row[figure] is not None
    }


def test_every_metric_is_told_completely(metrics: dict[str, dict[str, Any]]) -> None:
    assert len(metrics) > 80
    for name, metric in metrics.items():
        meta = metric["config"]["meta"]
        assert set(meta) >= CLOCKED or set(meta) >= COUNTED, name
        assert metric["description"].strip(), name
        assert meta["unit"] != "share, 0 to 1" or {"denominator", "count"} & set(meta), name
        assert ".md" not in meta["source"].replace("transform/DECISIONS.md", ""), name


def test_every_metric_mart_has_a_semantic_model(
    manifest: Mapping[str, Any], entities: dict[str, str]
) -> None:
    marts = {
        node["name"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["schema"] == "metrics"
    }
    assert marts == set(entities)


def test_the_command_of_metricflow_finds_the_figure_of_the_mart(
    metric_warehouse: FlowWarehouse, tmp_path: Path
) -> None:
    for path in PROJECT_DIR.iterdir():
        if path.name not in {"target", "logs"}:
            (tmp_path / path.name).symlink_to(path)
    (tmp_path / "target").symlink_to(metric_warehouse.project.target)
    ended = subprocess.run(
        [
            str(Path(sys.executable).with_name("mf")),
            "query",
            "--metrics",
            "deployment_frequency",
            "--group-by",
            "dora_week__week_start",
            "--where",
            "{{ Dimension('dora_week__scope') }} = 'organisation'",
            "--csv",
            str(tmp_path / "figures.csv"),
        ],
        cwd=tmp_path,
        env={
            **os.environ,
            "FLOWGAUGE_WAREHOUSE": str(metric_warehouse.path.absolute()),
            "DBT_PROFILES_DIR": str(tmp_path),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            "DBT_LOG_PATH": str(tmp_path / "mf"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    lines = (tmp_path / "figures.csv").read_text().splitlines()[1:]
    told = {line.split(",")[0][:10]: float(line.split(",")[1]) for line in lines}
    rows = metric_warehouse.rows(
        "select week_start, deployment_count from metrics.dora_weekly where scope = 'organisation'"
    )
    assert told == {row["week_start"].isoformat(): row["deployment_count"] for row in rows}


def test_the_engine_finds_the_figures_of_the_marts(
    engine: MetricFlowEngine,
    metric_warehouse: FlowWarehouse,
    metrics: dict[str, dict[str, Any]],
    entities: dict[str, str],
    manifest: Mapping[str, Any],
) -> None:
    # DuckDB lets a process open a file in one way at a time, so the marts are read first
    ours = {name: of_the_mart(metric_warehouse, metric) for name, metric in metrics.items()}
    differences = []
    for name, metric in metrics.items():
        mart = metric["config"]["meta"]["mart"]
        columns = set(manifest["nodes"][f"model.flowgauge.{mart}"]["columns"])
        theirs = of_the_engine(engine, metric, entities[mart], columns)
        differences += [
            f"{name} of {place}: {figure}, not {theirs.get(place)}"
            for place, figure in ours[name].items()
            if theirs.get(place) != pytest.approx(figure)
        ]
    assert differences[:20] == []
    untold = {name for name, figures in ours.items() if not figures and not name.endswith("_p90")}
    assert untold == {f"{name}_p{percent}" for name in UNTOLD for percent in (50, 75)}

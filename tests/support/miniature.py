"""The whole installation in miniature: a connector that reads a file, five models, a check for each layer.

Dagster, dlt, dbt, DuckDB, settings, lock, ledger and publication are the real ones. Only what is big is
small: connector, dbt project, the walk over commits, and Great Expectations, in whose place the same SQL runs
directly. `python -m support.miniature ARGUMENTS` is the command over it.
"""

from __future__ import annotations

import functools
import json
import sys
import types
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from support.toy_connector import ITEMS, toy

PROJECT = Path(__file__).parent / "miniature_dbt"
SETTINGS = """\
reporting_timezone: UTC
connections:
{connections}
"""
CONNECTION = "  - {{name: {name}, connector: toy, base_url: http://127.0.0.1:9, projects: [{file}]}}"


def write_settings(folder: Path, *names: str) -> Path:
    """Settings with one connection for each name, each reading `<name>.json` of the folder."""
    connections = [CONNECTION.format(name=name, file=folder / f"{name}.json") for name in names]
    path = folder / "flowgauge.yaml"
    path.write_text(SETTINGS.format(connections="\n".join(connections)), encoding="utf-8")
    return path


def write_items(folder: Path, name: str, *items: Any) -> None:
    """What the source of a connection holds: items, or the sentence that it fails with."""
    (folder / f"{name}.json").write_text(json.dumps(items), encoding="utf-8")


def item(
    identifier: str, state: str = "open", updated_at: str = "2026-11-01T10:00:00+00:00"
) -> dict[str, Any]:
    """One item of a source."""
    return {"id": identifier, "state": state, "size": 1, "updated_at": updated_at}


def install() -> None:
    """Put the miniature in the place of the real parts, for the life of this process."""
    import orchestration.server
    import quality.suites
    import quality.validation
    import serving.publish
    import transform.containment
    import transform.identity
    import transform.runner
    from ingestion import connector

    module = types.ModuleType("ingestion.connectors.toy")
    module.CONNECTOR = toy(_walk, tables=(ITEMS,))  # type: ignore[attr-defined]
    sys.modules["ingestion.connectors.toy"] = module
    connector.REGISTERED = ("toy",)  # type: ignore[assignment]
    connector.connectors.cache_clear()
    orchestration.server.CODE_LOCATION = "support.miniature_location"
    transform.runner.PROJECT_DIR = PROJECT
    transform.containment.compute_containment = _containment  # type: ignore[assignment]
    transform.identity.resolve_identities = lambda _warehouse, _sign: 1
    quality.suites.suite = _suite  # type: ignore[assignment]
    quality.validation.run_suite = _run_suite  # type: ignore[assignment]
    serving.publish.publish = functools.partial(  # type: ignore[assignment]
        serving.publish.publish, required=("marts.fct_items", "marts.fct_items_daily")
    )


def _walk(extraction: Any) -> Iterator[Any]:
    from ingestion.connector import Page

    content = json.loads(Path(extraction.settings.projects[0]).read_text(encoding="utf-8"))
    for line in content:
        if isinstance(line, str):
            raise ConnectionError(line)
        extraction.log(f"reading {line['id']}")
        yield Page("items", [line])


def _containment(warehouse: Path) -> int:
    import duckdb

    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(
            "create or replace table raw_flowgauge.deployment_commits as"
            " select id as sha from canonical.items"
        )
    return 1


def _suite(layer: str, _sources: Sequence[Any]) -> tuple[Any, ...]:
    from quality.suites.check import Check, sql

    table, column = {
        "raw": ("raw_toy.items", "id"),
        "canonical": ("canonical.items", "id"),
        "marts": ("marts.fct_items", "id"),
        "metrics": ("metrics.items_open", "open_count"),
    }[layer]
    rules = (
        Check(
            table,
            f"{layer}_is_sound",
            "blocking",
            "No item broke.",
            sql(f"select {column} from {table} where {column}::text = 'bad-{layer}'"),
        ),
        Check(
            table,
            f"{layer}_is_fine",
            "warning",
            "No item is odd.",
            sql(f"select {column} from {table} where {column}::text = 'odd-{layer}'"),
        ),
    )
    if layer == "raw":
        gate = "select connection from raw_flowgauge.connections where connection = 'never'"
        return (
            *rules,
            Check("raw_flowgauge.connections", "connections_are_known", "blocking", "None.", sql(gate)),
        )
    return rules


def _run_suite(layer: str, *, warehouse: Path, quality_dir: Path, sources: Sequence[Any]) -> Any:
    import duckdb

    from quality.validation import CheckResult, ValidationResult

    results = []
    with duckdb.connect(str(warehouse)) as connection:
        for check in _suite(layer, sources):
            broken = len(connection.execute(check.breaches({})).fetchall())
            results.append(CheckResult(check, "failed" if broken else "passed", broken))
    docs = quality_dir / "data_docs"
    docs.mkdir(parents=True, exist_ok=True)
    (docs / "index.html").write_text("<html></html>", encoding="utf-8")
    return ValidationResult(layer, tuple(results), docs / "index.html")  # type: ignore[arg-type]


if __name__ == "__main__":
    install()
    from orchestration.cli import main

    main()

"""`flowgauge metric`: the definition of a metric and its latest figures, from what readers have.

Definitions come from the published manifest, where the semantic models put them; nothing of dbt is loaded.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DEFINITION = {
    "unit": "unit",
    "clock": "clock",
    "starts": "starts when",
    "stops": "stops when",
    "competes": "ends otherwise by (competes)",
    "censored": "not ended (censored)",
    "numerator": "counts",
    "denominator": "of",
    "excludes": "leaves out",
    "estimate": "estimated by",
    "source": "source",
}
"""Entries of a definition -> how a page calls them."""
WEEKS = 4
ROWS = 200
WEEK = "week_start"


class MetricError(Exception):
    """There is no such metric, or nothing is published yet; says what to do."""


@dataclass(frozen=True)
class Figures:
    """The latest figures of a metric for the whole organisation: names of columns, and rows, newest first."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]


def published_metrics(published: Path) -> dict[str, dict[str, Any]]:
    """Definitions by name.

    Raises:
        MetricError: nothing is published yet.
    """
    manifest = published / "manifest.json"
    if not manifest.exists():
        raise MetricError("nothing is published yet: `flowgauge run` first")
    content = json.loads(manifest.read_text(encoding="utf-8"))
    return {metric["name"]: metric for metric in content["metrics"]}


def metric_named(metrics: Mapping[str, dict[str, Any]], name: str) -> dict[str, Any]:
    """The definition of that name.

    Raises:
        MetricError: there is none; the message names one that is spelt alike.
    """
    if name not in metrics:
        close = difflib.get_close_matches(name, metrics, n=1, cutoff=0.5)
        hint = f"did you mean {close[0]}?" if close else "`flowgauge metric` lists all"
        raise MetricError(f"there is no metric {name}; {hint}")
    return metrics[name]


def latest_figures(published: Path, metric: Mapping[str, Any]) -> Figures:
    """Figures of the last weeks that have any, for the organisation as a whole."""
    import duckdb

    relation = f"metrics.{metric['mart']}"
    with duckdb.connect(str(published.resolve() / "flowgauge.duckdb"), read_only=True) as connection:
        columns = {row[0] for row in connection.execute(f"describe {relation}").fetchall()}
        chosen = _columns(metric, columns)
        wanted = dict(metric.get("where", {})) | ({"scope": "organisation"} if "scope" in columns else {})
        conditions = [f"{column} = ?" for column in wanted]
        if WEEK in columns:
            latest = f"select distinct {WEEK} from {relation} order by 1 desc limit {WEEKS}"  # noqa: S608
            conditions.append(f"{WEEK} in ({latest})")
        condition = f"where {' and '.join(conditions)}" if conditions else ""
        first = [
            f"{name} desc nulls last" for name in ((WEEK,) if WEEK in columns else (str(metric["column"]),))
        ]
        order = ", ".join([*first, *chosen])
        rows = connection.execute(
            f"select {', '.join(chosen)} from {relation} {condition} order by {order} limit {ROWS}",  # noqa: S608 - our own
            list(wanted.values()),
        ).fetchall()
    return Figures(chosen, rows)


def _columns(metric: Mapping[str, Any], known: set[str]) -> list[str]:
    """Week, what it is told by, the figure, its interval, reason and number, as far as the mart has them."""
    column = str(metric["column"])
    stem = column.removesuffix("_seconds")
    beside = (f"{stem}_low_seconds", f"{stem}_high_seconds", f"{column}_low", f"{column}_high")
    counts = (str(metric.get("count", "item_count")), f"{stem.rpartition('_p')[0]}_count")
    wanted = (WEEK, *metric.get("by", ()), column, *beside, f"{column}_null_reason", *counts, "is_final")
    return [name for name in dict.fromkeys(wanted) if name in known]

"""`flowgauge metric`: the definition of a metric and its latest figures, from what readers have.

Definitions come from the published manifest, where the semantic models put them; nothing of dbt is loaded.
Before anything is published there are definitions only, which `orchestration.docs` reads from the project.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
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
    "empty": "an empty figure",
    "final": "final",
    "note": "note",
    "targets": "targets in force",
    "estimate": "estimated by",
    "interval": "interval (low, high)",
    "source": "source",
    "rows": "rows of the table",
    "scopes": "scope",
    "week": "week_start",
    "time_zone": "reporting time zone",
}
"""Entries of a definition -> how a page calls them."""
OPEN_AND_ENDED = ("ended_count", "competing_count", "censored_count")
WEEKS = 4
ROWS = 200
WEEK = "week_start"
FINAL = "is_final"
PERCENTILE = re.compile(r"(.+)_(p\d\d)")


class MetricError(Exception):
    """There is no such metric; says which there are."""


@dataclass(frozen=True)
class Figures:
    """The latest figures of a metric for the whole organisation: names of columns, and rows, newest first."""

    columns: Sequence[str] = ()
    rows: Sequence[Sequence[Any]] = ()

    def by_name(self) -> list[dict[str, Any]]:
        """Each row, with the names of its columns."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


@dataclass(frozen=True)
class Published:
    """What is published of metrics: definitions by name, and up to when the figures tell."""

    metrics: Mapping[str, dict[str, Any]]
    as_of: str


def published_metrics(published: Path) -> Published | None:
    """What is published, or None where nothing is."""
    manifest = published / "manifest.json"
    if not manifest.exists():
        return None
    content = json.loads(manifest.read_text(encoding="utf-8"))
    return Published(by_name(content["metrics"]), content["as_of"])


def by_name(metrics: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Definitions by their names."""
    return {metric["name"]: metric for metric in metrics}


def families(metrics: Mapping[str, Mapping[str, Any]]) -> dict[str, list[str]]:
    """Name without its percentile -> metrics of that name; one without percentiles is a family of its own."""
    found: dict[str, list[str]] = {}
    for name in metrics:
        percentile = PERCENTILE.fullmatch(name)
        found.setdefault(percentile[1] if percentile else name, []).append(name)
    return found


def metrics_named(metrics: Mapping[str, dict[str, Any]], name: str) -> list[dict[str, Any]]:
    """The definition of that name, or of each percentile of the family of that name.

    Raises:
        MetricError: there is none; the message names those that may be meant.
    """
    if name in metrics:
        return [metrics[name]]
    known = families(metrics)
    if name in known:
        return [metrics[each] for each in sorted(known[name])]
    raise MetricError(f"there is no metric {name}; {_hint(metrics, known, name)}")


def _hint(metrics: Mapping[str, dict[str, Any]], known: Mapping[str, Sequence[str]], name: str) -> str:
    """Of a table, its metrics; of anything else the name that is spelt alike, if there is one."""
    of_table = [family for family, names in sorted(known.items()) if metrics[names[0]]["mart"] == name]
    if of_table:
        return f"{name} is a table, its metrics are {', '.join(of_table)}"
    close = difflib.get_close_matches(name, [*metrics, *known], n=1, cutoff=0.7)
    return f"did you mean {close[0]}?" if close else "`flowgauge metric` lists all"


def latest_figures(published: Path, metric: Mapping[str, Any]) -> Figures:
    """Figures of the last weeks that have any, for the organisation as a whole."""
    import duckdb

    relation = f"metrics.{metric['mart']}"
    with duckdb.connect(str(published.resolve() / "flowgauge.duckdb"), read_only=True) as connection:
        columns = {row[0] for row in connection.execute(f"describe {relation}").fetchall()}
        chosen = shown_columns(metric, columns)
        wanted = dict(metric.get("where", {})) | ({"scope": "organisation"} if "scope" in columns else {})
        condition = " and ".join(["true", *(f"{column} = ?" for column in wanted)])
        weeks = f"{WEEK} in (select distinct {WEEK} from told order by 1 desc limit {WEEKS})"  # noqa: S608
        first = WEEK if WEEK in columns else str(metric["column"])
        rows = connection.execute(
            f"with told as (select * from {relation} where {condition})"  # noqa: S608 - names of our own
            f" select {', '.join(chosen)} from told {'where ' + weeks if WEEK in columns else ''}"
            f" order by {', '.join([f'{first} desc nulls last', *chosen])} limit {ROWS}",
            list(wanted.values()),
        ).fetchall()
    return Figures(chosen, rows)


def shown_columns(metric: Mapping[str, Any], known: Collection[str]) -> list[str]:
    """Week, what it is told by, the figure, its interval, reason and numbers, as far as the mart has them."""
    column = str(metric["column"])
    stem = column.removesuffix("_seconds")
    beside = (f"{stem}_low_seconds", f"{stem}_high_seconds", f"{column}_low", f"{column}_high")
    subject = stem.rpartition("_p")[0]
    counts = [str(metric.get("count", "item_count")), f"{subject}_count"]
    if "estimate" in metric:
        counts += [*OPEN_AND_ENDED, f"{subject}_censored_count"]
    marks = ("is_overdue", "is_idle", final_column(metric, known))
    wanted = (WEEK, *metric.get("by", ()), column, *beside, reason_column(metric), *counts, *marks)
    return [name for name in dict.fromkeys(wanted) if name in known]


def reason_column(metric: Mapping[str, Any]) -> str:
    """The column that says why a figure is empty, if the mart has it: the figure's own, or the shared one."""
    return str(metric.get("reason", f"{metric['column']}_null_reason"))


def final_column(metric: Mapping[str, Any], known: Collection[str]) -> str:
    """The column that says whether the figure is final: what the definition names, its own, or the row's.

    A figure that no column tells of, since it can always move, is defined with `none`, which is no column.
    """
    subject = str(metric["column"]).removesuffix("_seconds").rpartition("_p")[0]
    own = f"{subject}_{FINAL}"
    return str(metric.get(FINAL, own if own in known else FINAL))

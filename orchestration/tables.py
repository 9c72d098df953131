"""Tables for terminals: status and connectors as people read them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType
from rich.table import Table

from ingestion.connector import Connector
from orchestration.console import Reporter
from orchestration.demo import Section
from orchestration.ledger import ConnectionRecord
from orchestration.metrics import DEFINITION, Figures
from orchestration.status import Status, age_seconds
from orchestration.times import now

if TYPE_CHECKING:
    from ingestion.conformance import Verdict

HOUR, DAY = 3600, 86400
CONNECTION_COLUMNS = ("connection", "last load", "rows changed", "fresh", "API budget left", "outcome")


def status_tables(status: Status) -> Iterator[RenderableType]:
    """What `flowgauge status` prints: connections, marts, and what is pending."""
    connections = Table(*CONNECTION_COLUMNS, box=None)
    for name, record in status.connections.items():
        connections.add_row(name, *_connection_cells(record))
    yield connections
    if status.marts:
        as_of = f"{status.as_of:%Y-%m-%d %H:%M:%S} UTC" if status.as_of else ""
        marts = Table("mart", "rows", "as of", "final", box=None)
        for mart in status.marts:
            marts.add_row(mart.name, f"{mart.rows:,}", as_of, _final_cell(mart.provisional_rows))
        yield ""
        yield marts
    if status.writer:
        yield f"\npid {status.writer} is writing at this moment"
    elif status.pending:
        yield f"\na build is due: {status.pending}"


def tell_verdict(reporter: Reporter, verdict: Verdict) -> None:
    """One rule of the conformance suite: kept, broken and how, or no matter of the connector."""
    rule, problems = verdict.rule, verdict.problems
    if problems is None:
        reporter.line(f"- {rule.name} is no matter of this connector")
    elif not problems:
        reporter.success(rule.sentence)
    else:
        reporter.failure(f"{rule.name}: {rule.sentence}")
        for problem in problems:
            reporter.line(f"    {problem}")


def summary_table(section: Section) -> Table:
    """A section of the demo's summary."""
    table = Table(*section.columns, title=section.title, title_justify="left", box=None)
    for row in section.rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    return table


def metrics_table(metrics: Mapping[str, Mapping[str, Any]]) -> Table:
    """One row per metric."""
    table = Table("metric", "meaning", "unit", box=None)
    for each in metrics.values():
        table.add_row(each["name"], each["label"], each["unit"])
    return table


def metric_table(metric: Mapping[str, Any], figures: Figures) -> Iterator[RenderableType]:
    """A metric's definition, then its figures."""
    yield f"{metric['name']}: {metric['label']}\n{metric['description']}\n"
    definition = Table(show_header=False, box=None)
    for part, called in DEFINITION.items():
        if part in metric:
            definition.add_row(called, str(metric[part]))
    definition.add_row("table", _place(metric))
    yield definition
    yield ""
    table = Table(*(_heading(column, str(metric["column"])) for column in figures.columns), box=None)
    for row in figures.rows:
        table.add_row(*map(_figure, row, figures.columns))
    yield table
    if metric.get("words"):
        words = Table(show_header=False, box=None)
        for word, meaning in metric["words"].items():
            words.add_row(word, meaning)
        yield "\nWords:"
        yield words


def _heading(column: str, figure: str) -> str:
    """What a column is beside the metric's own, whose name all columns around it repeat."""
    stem = figure.removesuffix("_seconds")
    short = {figure: "figure", f"{figure}_null_reason": "empty because"}
    for end in ("low", "high"):
        short |= {f"{stem}_{end}_seconds": end, f"{figure}_{end}": end}
    return short.get(column, "items" if column.endswith("_count") else column)


def _figure(cell: object, column: str) -> str:
    if cell is None:
        return ""
    if isinstance(cell, int) and column.endswith("_seconds"):
        return f"{cell:,} s ({cell / HOUR:.1f} h)"
    return f"{cell:.4g}" if isinstance(cell, float) else str(cell)


def _place(metric: Mapping[str, Any]) -> str:
    rows = " and ".join(f"{column} = {value}" for column, value in metric.get("where", {}).items())
    return f"metrics.{metric['mart']}, column {metric['column']}" + (f", where {rows}" if rows else "")


def _connection_cells(record: ConnectionRecord | None) -> tuple[str, ...]:
    if record is None:
        return ("never", "", "", "", "")
    age = age_seconds(record, now())
    return (
        f"{record.loaded_at:%Y-%m-%d %H:%M} UTC" if record.loaded_at else "never",
        f"{sum(record.rows_loaded.values()) + sum(record.rows_removed.values()):,}",
        f"{_duration(age)} ago" if age is not None else "never",
        ", ".join(f"{left:,} {kind}" for kind, left in record.rate_limit_left.items()),
        record.outcome if record.error is None else f"{record.outcome}: {record.error}",
    )


def _final_cell(provisional_rows: int | None) -> str:
    if provisional_rows is None:
        return ""
    return f"all but {provisional_rows:,}" if provisional_rows else "final"


def _duration(seconds: int) -> str:
    for unit, size in (("d", DAY), ("h", HOUR), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{max(seconds, 0)} s"


def describe_connector(connector: Connector) -> dict[str, Any]:
    """A connector's declaration for people and scripts; what it provides is told by exactness."""
    required = [name for name, field in connector.settings.model_fields.items() if field.is_required()]
    return {
        "name": connector.name,
        "title": connector.title,
        "settings": sorted(connector.settings.model_fields),
        "required_settings": required,
        "provides": {entity: dict(events) for entity, events in sorted(connector.provides.items())},
        "paging": list(connector.paging),
        "cursor": connector.cursor,
        "tables": {table.name: table.deletion for table in connector.tables},
    }


def connector_table(described: Sequence[Mapping[str, Any]]) -> Table:
    """One row per connector."""
    table = Table("connector", "system", "provides", "needs", box=None)
    for each in described:
        table.add_row(
            each["name"], each["title"], ", ".join(each["provides"]), ", ".join(each["required_settings"])
        )
    return table

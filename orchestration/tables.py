"""Tables for terminals: status and connectors as people read them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table

from ingestion.connector import Connector
from ingestion.settings import Targets
from orchestration.console import Reporter
from orchestration.demo import Section
from orchestration.ledger import ConnectionRecord
from orchestration.metrics import DEFINITION, FINAL, WEEK, WEEKS, Figures, families
from orchestration.status import Status, age_seconds
from orchestration.times import now

if TYPE_CHECKING:
    from ingestion.conformance import Verdict

MINUTE, HOUR, DAY = 60, 3600, 86400
CONNECTION_COLUMNS = ("connection", "last load", "rows changed", "fresh", "API budget left", "outcome")
NUMBERS = {"ended_count": "ended", "competing_count": "otherwise", "censored_count": "open"}


def status_tables(status: Status) -> Iterator[RenderableType]:
    """What `flowgauge status` prints: connections, marts, and what is pending."""
    connections = [(name, *_connection_cells(record)) for name, record in status.connections.items()]
    yield _table(CONNECTION_COLUMNS, connections)
    if status.marts:
        as_of = f"{status.as_of:%Y-%m-%d %H:%M:%S} UTC" if status.as_of else ""
        marts = [
            (mart.name, f"{mart.rows:,}", as_of, _final_cell(mart.provisional_rows)) for mart in status.marts
        ]
        yield ""
        yield _table(("mart", "rows", "as of", "final"), marts)
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
    rows = [["" if cell is None else str(cell) for cell in row] for row in section.rows]
    return _table(section.columns, rows, title=section.title, title_justify="left")


def metrics_table(metrics: Mapping[str, Mapping[str, Any]]) -> Table:
    """One row per metric, or per family of percentiles of the same thing."""
    rows = []
    for family, names in sorted(families(metrics).items()):
        first = metrics[sorted(names)[0]]
        percentiles = " ".join(sorted(name.removeprefix(f"{family}_") for name in names if name != family))
        label = first["label"].rpartition(", ")[0] if percentiles else first["label"]
        rows.append((f"{family}  {percentiles}".rstrip(), label))
    return _table(("metric", "meaning"), rows)


def metric_page(
    name: str, metrics: Sequence[Mapping[str, Any]], figures: Sequence[Figures], known: str
) -> Iterator[RenderableType]:
    """A metric's definition, then its figures; or those of all percentiles of one thing, side by side.

    `known` says up to when the figures tell, or why there are none.
    """
    first = metrics[0]
    label = first["label"] if name == first["name"] else first["label"].rpartition(", ")[0]
    yield escape(f"{name}: {label}\n{first['description']}\n")
    entries = [(called, _entry(first[part])) for part, called in DEFINITION.items() if part in first]
    yield _table(
        ("", ""), [*entries, ("table", _place(metrics)), ("shown", _shown(first))], show_header=False
    )
    yield f"\n{escape(known)}"
    if not figures[0].columns:
        pass
    elif not figures[0].rows:
        yield "no rows: no connection tells of it, or there was nothing to tell"
    elif len(metrics) == 1:
        yield _figures_table(first, figures[0])
    else:
        yield _percentiles_table(metrics, figures)
    if first.get("words"):
        yield "\nWords:"
        yield _table(("", ""), first["words"].items(), show_header=False)


def _figures_table(metric: Mapping[str, Any], figures: Figures) -> Table:
    """A figure with its interval and numbers; columns in which nothing stands are left out."""
    rows = figures.by_name()
    columns = [name for name in figures.columns if any(row[name] is not None for row in rows)]
    headings = [_heading(column, str(metric["column"])) for column in columns]
    return _table(headings, [[_figure(row[column], column) for column in columns] for row in rows])


def _percentiles_table(metrics: Sequence[Mapping[str, Any]], figures: Sequence[Figures]) -> Table:
    """Each row of the table once; a cell has a percentile with its interval, or why it is empty."""
    by = [name for name in (WEEK, *metrics[0].get("by", ())) if name in figures[0].columns]
    own = {f"{each['column']}_null_reason" for each in metrics} | {str(each["column"]) for each in metrics}
    after = [name for name in figures[0].columns if name not in {*by, *own} and not name.endswith("_seconds")]
    percentiles = [each["name"].rpartition("_")[2] for each in metrics]
    headings = [*by, *percentiles, *(_heading(name, "") for name in after)]
    cells = []
    for rows in zip(*(each.by_name() for each in figures), strict=True):
        told = [_with_interval(row, str(each["column"])) for row, each in zip(rows, metrics, strict=True)]
        cells.append(
            [
                *(_figure(rows[0][name], name) for name in by),
                *told,
                *(_figure(rows[0][name], name) for name in after),
            ]
        )
    return _table(headings, cells)


def _with_interval(row: Mapping[str, Any], column: str) -> str:
    if row[column] is None:
        return str(row.get(f"{column}_null_reason") or "")
    stem = column.removesuffix("_seconds")
    low, high = row.get(f"{stem}_low_seconds"), row.get(f"{stem}_high_seconds")
    ends = [("?" if end is None else _rounded(end)) for end in (low, high)]
    return f"{_rounded(row[column])} ({' to '.join(ends)})"


def _heading(column: str, figure: str) -> str:
    """What a column is beside the metric's own, whose name all columns around it repeat."""
    stem = figure.removesuffix("_seconds")
    short = {figure: "figure"} | NUMBERS
    for end in ("low", "high"):
        short |= {f"{stem}_{end}_seconds": end, f"{figure}_{end}": end}
    if column.endswith("_censored_count"):
        return NUMBERS["censored_count"]
    if column.endswith(FINAL):
        return FINAL
    if column.endswith("_null_reason"):
        return "empty because"
    return short.get(column, "items" if column.endswith("_count") else column)


def _figure(cell: object, column: str) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, int) and column.endswith("_seconds"):
        return f"{cell:,} s ({_rounded(cell)})" if cell >= MINUTE else f"{cell} s"
    return f"{cell:.4g}" if isinstance(cell, float) else str(cell)


def _rounded(seconds: int) -> str:
    """A duration in the largest unit, up to hours, of which it is at least one."""
    for unit, size in (("h", HOUR), ("min", MINUTE)):
        if seconds >= size:
            return f"{seconds / size:,.1f} {unit}"
    return f"{seconds} s"


def _entry(value: object) -> str:
    return _targets(value) if isinstance(value, Mapping) else str(value)


def _targets(in_force: Mapping[str, float]) -> str:
    defaults = Targets().model_dump()
    told = [f"{name} = {value:g} (default {defaults[name]:g})" for name, value in in_force.items()]
    return f"{', '.join(told)}; set under `targets` in flowgauge.yaml"


def _shown(metric: Mapping[str, Any]) -> str:
    """Which rows of its table a page shows."""
    of = "the whole organisation" if "scopes" in metric else "all rows"
    return f"{of}, the latest {WEEKS} weeks that have any" if "week" in metric else f"{of}, as things are now"


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]], **options: Any) -> Table:
    """A table without lines whose first column is not broken, and no word of the others.

    Where that does not fit, lines are longer than the terminal is wide; nothing is cut off.
    """
    table = Table(box=None, **options)
    cells = [list(map(escape, row)) for row in rows]
    for place, column in enumerate(columns):
        words = " ".join([column, *(row[place] for row in cells)]).split()
        table.add_column(
            column, no_wrap=place == 0, overflow="fold", min_width=max(map(len, words), default=0)
        )
    for row in cells:
        table.add_row(*row)
    return table


def _place(metrics: Sequence[Mapping[str, Any]]) -> str:
    first = metrics[0]
    rows = " and ".join(f"{column} = {value}" for column, value in first.get("where", {}).items())
    columns = ", ".join(str(each["column"]) for each in metrics)
    named = f"metrics.{first['mart']}, {'column' if len(metrics) == 1 else 'columns'} {columns}"
    return named + (f", where {rows}" if rows else "")


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
    for unit, size in (("d", DAY), ("h", HOUR), ("min", MINUTE)):
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
    rows = [
        (each["name"], each["title"], ", ".join(each["provides"]), ", ".join(each["required_settings"]))
        for each in described
    ]
    return _table(("connector", "system", "provides", "needs"), rows)

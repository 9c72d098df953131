"""A connector's page: all that its declaration says, in Markdown for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ingestion.connector import Connector, Table


def page(connector: Connector) -> str:
    """The page: what it provides, what it needs, how it reads, and each raw table."""
    parts = [
        f"# {connector.title}",
        *_how_it_reads(connector),
        "## Provides",
        _provided(connector),
        "## Settings",
        _settings(connector),
        *([f"```yaml\n{connector.example.strip()}\n```"] if connector.example else []),
        *(part for table in connector.tables for part in _table(connector, table)),
    ]
    return "\n\n".join(parts) + "\n"


def _how_it_reads(connector: Connector) -> Iterator[str]:
    lists = ", ".join(connector.paging) or "nothing comes in pages"
    cursor = connector.cursor or "everything is read each time"
    yield f"Connector `{connector.name}`, dataset `{connector.dataset}`."
    yield f"Paging: {lists}. Goes on from: {cursor}."


def _provided(connector: Connector) -> str:
    rows = []
    for entity, events in sorted(connector.provides.items()):
        by_exactness = [
            f"{exactness}: {', '.join(sorted(type_ for type_, how in events.items() if how == exactness))}"
            for exactness in ("exact", "derived", "absent")
            if exactness in events.values()
        ]
        rows.append((f"`{entity}`", "; ".join(by_exactness)))
    return _markdown(("canonical entity", "event types, by how exactly the vendor tells them"), rows)


def _settings(connector: Connector) -> str:
    fields = connector.settings.model_fields.items()
    rows = [
        (f"`{name}`", "yes" if field.is_required() else "", field.description or "") for name, field in fields
    ]
    return _markdown(("key", "needed", "meaning"), rows)


def _table(connector: Connector, table: Table) -> Iterator[str]:
    yield f"## `{connector.dataset}.{table.name}`"
    key = ", ".join(f"`{name}`" for name in table.key)
    yield f"{table.description} Key: {key}. {table.deletion}"
    columns = [(f"`{column.name}`", column.data_type, column.description) for column in table.columns]
    yield _markdown(("column", "type", "meaning"), columns)


def _markdown(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(str(cell).replace('|', '/') for cell in line)} |" for line in lines)

"""What a rule is, and the words in which rules compare rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from ingestion.conformance.bench import Bench, Walked
from ingestion.conformance.store import Key, Rows
from ingestion.connector import Connector

Check = Callable[[Bench], Iterator[str]]
"""Yields what is wrong, in sentences."""


def _always(_connector: Connector) -> bool:
    return True


@dataclass(frozen=True)
class Rule:
    """One rule of the suite.

    Attributes:
        name: as tests and `flowgauge connector check` call it.
        sentence: what a connector that keeps it does.
        check: yields what is wrong with the connector on the bench.
        applies: whether the declaration makes it a matter of this connector.
    """

    name: str
    sentence: str
    check: Check
    applies: Callable[[Connector], bool] = _always


def has_pages(connector: Connector) -> bool:
    """Whether the vendor gives lists in pages."""
    return bool(connector.paging)


def has_http(connector: Connector) -> bool:
    """Whether an API is asked."""
    return connector.has_http


def differences(expected: Rows, found: Rows, tables: Sequence[str] | None = None) -> Iterator[str]:
    """How rows differ from those that should be there, a sentence for each table and kind."""
    for table in expected if tables is None else tables:
        wanted, there = expected[table], found[table]
        missing = [key for key in wanted if key not in there]
        surplus = [key for key in there if key not in wanted]
        changed = [key for key in wanted if key in there and wanted[key] != there[key]]
        if missing:
            yield f"{table}: {len(missing)} of {len(wanted)} rows are missing, {_one(missing)}"
        if surplus:
            yield f"{table}: {len(surplus)} rows should not be there, {_one(surplus)}"
        if changed:
            key = changed[0]
            columns = [name for name, value in wanted[key].items() if value != there[key][name]]
            where = ", ".join(columns)
            yield f"{table}: {len(changed)} rows are not as they should be, {_one(changed)} in {where}"


def _one(keys: Sequence[Key]) -> str:
    return f"such as {', '.join(str(part) for part in keys[0])}"


def unlike(walked: Walked, expected: Rows, found: Rows, tables: Sequence[str]) -> Iterator[str]:
    """A walk that should have come to its end with these rows."""
    yield from failed(walked) if walked.error else differences(expected, found, tables)


def failed(walked: Walked) -> Iterator[str]:
    """A walk that should have come to its end."""
    if walked.error:
        yield f"the walk ended with {type(walked.error).__name__}: {walked.error}"

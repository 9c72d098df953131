"""Checks rows against their table's declaration, and gives each its key and hash.

A value that is not of the declared type makes the row a rejected one; a column that is not declared is a
defect of the connector and stops the walk. Nothing is guessed or coerced beyond what `Column` says.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

import pyarrow as pa

from ingestion.connector import Column, ConnectorError, DataType, Table

ARROW_TYPES: Mapping[DataType, pa.DataType] = {
    "text": pa.string(),
    "bigint": pa.int64(),
    "bool": pa.bool_(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "double": pa.float64(),
    "date": pa.date32(),
    "json": pa.string(),
}
_BIGINT_BITS = 63


class CheckedRow(NamedTuple):
    """A row as it will stand in the warehouse; where `broken` names rules, it will not."""

    values: tuple[Any, ...]
    row_key: str
    row_hash: str
    broken: tuple[str, ...]


class RowChecker:
    """The checks of one table.

    Args:
        table: the declaration.
        unhashed: columns whose change alone makes no other row.
    """

    def __init__(self, table: Table, unhashed: Iterable[str] = ()) -> None:
        self._table = table
        self._names = frozenset(column.name for column in table.columns)
        self._required = frozenset(table.key) | {c.name for c in table.columns if not c.nullable}
        self._unhashed = frozenset(unhashed)

    def check(self, row: Mapping[str, Any]) -> CheckedRow:
        """The row with its values converted, its key and its hash.

        Raises:
            ConnectorError: the row has columns that the table does not declare.
        """
        if not row.keys() <= self._names:
            strange = sorted(row.keys() - self._names)
            raise ConnectorError(f"table {self._table.name} got columns that it does not declare: {strange}")
        values: dict[str, Any] = {}
        broken: list[str] = []
        for column in self._table.columns:
            value = row.get(column.name)
            try:
                values[column.name] = self._converted(column, value)
            except ValueError as error:
                values[column.name] = None
                broken.append(f"{column.name}: {error}")
        row_key = _canonical([row.get(name) for name in self._table.key])
        return CheckedRow(tuple(values.values()), row_key, self._hash(values), tuple(broken))

    def declared(self, row: Mapping[str, Any]) -> str:
        """The row as JSON, to be looked at where it was rejected."""
        return _canonical({name: value for name, value in row.items() if name in self._names})

    def _converted(self, column: Column, value: Any) -> Any:
        if value is None:
            if column.name in self._required:
                raise ValueError("is missing")
            return None
        return _CONVERTERS[column.data_type](value)

    def _hash(self, values: Mapping[str, Any]) -> str:
        """Nulls are left out, so that a column that is new and empty changes no hash."""
        content = [
            [name, value]
            for name, value in values.items()
            if value is not None and name not in self._unhashed
        ]
        return hashlib.md5(_canonical(content).encode(), usedforsecurity=False).hexdigest()


def arrow_schema(table: Table) -> pa.Schema:
    """The declared columns, as Arrow types."""
    return pa.schema([(column.name, ARROW_TYPES[column.data_type]) for column in table.columns])


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise _unexpected("text", value)
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError("expected Unicode text, got half a surrogate pair") from None
    return value


def _bigint(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise _unexpected("a whole number", value)
    if value.bit_length() > _BIGINT_BITS:
        raise ValueError("expected a whole number of 64 bits, got a greater one")
    return value


def _bool(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _unexpected("true or false", value)
    return value


def _double(value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise _unexpected("a number", value)
    if not math.isfinite(value):
        raise ValueError("expected a finite number")
    return float(value)


def _timestamp(value: Any) -> datetime:
    at = value
    if isinstance(value, str):
        try:
            at = datetime.fromisoformat(value)
        except ValueError:
            raise ValueError("expected an ISO 8601 instant, got other text") from None
    if not isinstance(at, datetime):
        raise _unexpected("an instant", value)
    if at.tzinfo is None:
        raise ValueError("expected an instant with an offset from UTC, got one without")
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise ValueError("expected an instant between the years 1 and 9999") from None


def _date(value: Any) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if not isinstance(value, str):
        raise _unexpected("a date", value)
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError("expected an ISO 8601 date, got other text") from None


def _json(value: Any) -> str:
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError):
        raise ValueError("expected what JSON can say") from None


def _unexpected(expected: str, value: Any) -> ValueError:
    return ValueError(f"expected {expected}, got {type(value).__name__}")


_CONVERTERS: Mapping[DataType, Callable[[Any], Any]] = {
    "text": _text,
    "bigint": _bigint,
    "bool": _bool,
    "timestamp": _timestamp,
    "double": _double,
    "date": _date,
    "json": _json,
}

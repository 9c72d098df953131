"""Reads one file with DuckDB and checks its rows: the good ones into Parquet, the others by row and column.

Only columns that the contract or the settings name are read; the others, prose among them, never leave the
file.
"""

# ruff: noqa: S608 - identifiers and literals in the statements are quoted by `conversion`

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb

from ingestion.connector import Rejection
from ingestion.connectors.files.contract import DATED_AT, FILE_ID, SOURCE_ID
from ingestion.connectors.files.conversion import literal, problem_of, quoted, text_of, value_of
from ingestion.connectors.files.formats import OpenedFile, opened
from ingestion.connectors.files.settings import FileSource
from ingestion.identity import EmailHasher

_MEMORY_LIMIT = "1GB"
_MOST_REJECTED = 1_000
"""Broken rows that are kept of one file: one that is wrong throughout is told by a part of them."""

_SEPARATOR = "\x1f"


class UnreadableFileError(Exception):
    """A file cannot be read, or lacks what its entity needs; says which, and what to do."""


@dataclass(frozen=True)
class CheckedFile:
    """What one file holds.

    Attributes:
        rows: Parquet file of the good rows.
        row_count: rows that the file holds, those that a later one of the same id replaces aside.
        rejected: the others, with the rules that they broke.
        unknown_columns: columns that were left in the file.
    """

    rows: Path
    row_count: int
    rejected: tuple[Rejection, ...]
    unknown_columns: tuple[str, ...]


class FileReader:
    """Reads the files of one walk.

    Args:
        folder: for what does not fit in memory, and for the results.
        hash_email: keyed hash of addresses and of customers' ids.
    """

    def __init__(self, folder: Path, hash_email: EmailHasher) -> None:
        self._folder = folder
        self._salt = hash_email.hash_id("source_id")
        folder.mkdir(parents=True, exist_ok=True)
        self._duckdb = duckdb.connect(
            config={"memory_limit": _MEMORY_LIMIT, "temp_directory": str(folder / "spill")}
        )
        self._duckdb.execute("set TimeZone = 'UTC'")
        functions: dict[str, Callable[[str], str | None]] = {
            "hash_email": hash_email,
            "hash_id": hash_email.hash_id,
        }
        for name, function in functions.items():
            # Few are distinct, so that remembering them makes a million rows a matter of seconds.
            self._duckdb.create_function(name, cache(function), ["VARCHAR"], "VARCHAR")

    def close(self) -> None:
        """Let go of memory; the results stay."""
        self._duckdb.close()

    def unknown_columns(self, path: Path, source: FileSource) -> tuple[str, ...]:
        """Columns of the file that would be left in it.

        Raises:
            UnreadableFileError: it cannot be read, or lacks what the settings or the contract ask for.
        """
        try:
            file = opened(self._duckdb, path)
        except (duckdb.Error, OSError, ValueError) as error:
            raise _unreadable(path, error) from None
        _require_columns(path, file, source)
        return _unknown(file, source)

    def read(self, path: Path, source: FileSource, file_id: str) -> CheckedFile:
        """Read a file and check its rows.

        Args:
            path: of the file.
            source: the settings' entry that it belongs to.
            file_id: what the rows say of where they stand.

        Raises:
            UnreadableFileError: it cannot be read, or lacks what the settings or the contract ask for.
        """
        try:
            file = opened(self._duckdb, path)
            _require_columns(path, file, source)
            self._duckdb.execute(self._texts(file, source))
            unread = self._duckdb.execute(file.unread).fetchall()
        except (duckdb.Error, OSError, ValueError) as error:
            raise _unreadable(path, error) from None
        self._duckdb.execute(_checked(source))
        (good, bad) = self._duckdb.execute(
            "select count(*) filter (broken is null), count(*) filter (broken is not null) from checked"
        ).fetchone() or (0, 0)
        unreadable = [Rejection(reason, {}) for _, reason in unread[:_MOST_REJECTED]]
        rejected = (*unreadable, *self._broken(source))
        rows = self._folder / "rows.parquet"
        columns = ", ".join(quoted(column.name) for column in source.contract.columns)
        self._duckdb.execute(
            f"copy (select {literal(file_id)} as {FILE_ID}, {columns}, {DATED_AT} from checked "
            f"where broken is null) to {literal(str(rows))} (format parquet)"
        )
        return CheckedFile(rows, good + bad + len(unread), rejected, _unknown(file, source))

    def _texts(self, file: OpenedFile, source: FileSource) -> str:
        """SQL that makes the table `texts`: columns of the contract as text, and the number of the row."""
        columns = [
            f"{self._text(file, source, column.name)} as {quoted(column.name)}"
            for column in source.contract.columns
        ]
        dated = file.text_of(source.date_column) if source.date_column in file.names else "null"
        return (
            f"create or replace temp table texts as select {file.row} as row_number, {', '.join(columns)}, "
            f"cast({dated} as varchar) as {DATED_AT} from {file.relation} where {file.is_read}"
        )

    def _text(self, file: OpenedFile, source: FileSource, name: str) -> str:
        contract = source.contract
        (column,) = [each for each in contract.columns if each.name == name]
        if name in source.constants:
            return literal(_constant(source.constants[name]))
        if name == SOURCE_ID and source.key:
            return self._derived(file, source.key)
        taken = source.column_of(name)
        if taken not in file.names:
            return "cast(null as varchar)"
        return text_of(column, file.text_of(taken), is_customer=contract.is_customer(name))

    def _derived(self, file: OpenedFile, key: Sequence[str]) -> str:
        """SQL of an id made of other columns; salted, since those may be addresses or customers."""
        texts = [file.text_of(name) if name in file.names else "null" for name in key]
        parts = ", ".join(f"coalesce(to_json({text})::varchar, 'null')" for text in texts)
        is_there = " or ".join(f"{text} is not null" for text in texts)
        return f"case when {is_there} then md5(concat_ws(',', {literal(self._salt)}, {parts})) end"

    def _broken(self, source: FileSource) -> list[Rejection]:
        """Each rule that a row broke, with the texts of its columns."""
        names = [column.name for column in source.contract.columns]
        listed = ", ".join(f"texts.{quoted(name)}" for name in names)
        found = self._duckdb.execute(
            f"select row_number, broken, {listed} from checked join texts using (row_number) "
            f"where broken is not null order by row_number limit {_MOST_REJECTED}"
        ).fetchall()
        rejections = []
        for row_number, broken, *texts in found:
            row = {name: text for name, text in zip(names, texts, strict=True) if text is not None}
            rejections += [Rejection(f"row {row_number}: {rule}", row) for rule in broken.split(_SEPARATOR)]
        return rejections


def _checked(source: FileSource) -> str:
    """SQL that makes the table `checked` of `texts`: values in their types, and the rules that a row broke.

    Of rows with one id the latest counts where the settings name a date column; else only the first is good.
    """
    contract, zone = source.contract, source.time_zone
    values, problems = [], []
    for column in contract.columns:
        text = f"texts.{quoted(column.name)}"
        values.append(f"{value_of(column.data_type, text, zone)} as {quoted(column.name)}")
        problems.append(problem_of(column, text, values=contract.values.get(column.name, ()), time_zone=zone))
    dated = value_of("timestamp", f"texts.{DATED_AT}", zone or "UTC")
    undated = f"case when texts.{DATED_AT} is not null and {dated} is null then {{}} end"
    problems.append(undated.format(literal(f"{source.date_column}: expected an ISO 8601 date or instant")))
    order = f"{DATED_AT} desc nulls last, row_number desc" if source.date_column else "row_number"
    window = f"over (partition by {SOURCE_ID} order by {order})"
    separator = literal(_SEPARATOR)
    return f"""
create or replace temp table checked as
with converted as (
    select row_number, {", ".join(values)}, {dated} as {DATED_AT},
        concat_ws({separator}, {", ".join(problems)}) as problems
    from texts
),
ranked as (
    select *, row_number() {window} as rank, first_value(row_number) {window} as first_row from converted
)
select * exclude (problems, rank, first_row), nullif(concat_ws({separator}, nullif(problems, ''), case
    when rank > 1 and {SOURCE_ID} is not null then '{SOURCE_ID}: is that of row ' || first_row || ' too'
end), '') as broken
from ranked
where {f"rank = 1 or {SOURCE_ID} is null" if source.date_column else "true"}
"""


def _require_columns(path: Path, file: OpenedFile, source: FileSource) -> None:
    """Rows may lack values, but a file that lacks a whole column was mapped wrongly."""
    if file.is_sparse:
        return
    for name in [
        *source.columns.values(),
        *source.key,
        *([source.date_column] if source.date_column else []),
    ]:
        if name not in file.names:
            raise UnreadableFileError(
                f"{path} has no column {name}, which the settings name; it has {', '.join(file.names)}"
            )
    for column in source.contract.columns:
        is_given = column.name in source.constants or (column.name == SOURCE_ID and source.key)
        if not column.nullable and not is_given and source.column_of(column.name) not in file.names:
            raise UnreadableFileError(
                f"{path} has no column {column.name}, which {source.entity} needs; "
                f"name another one under columns, or give a value under constants"
                + (", or name the columns that make it up under key" if column.name == SOURCE_ID else "")
            )


def _unknown(file: OpenedFile, source: FileSource) -> tuple[str, ...]:
    return tuple(name for name in file.names if name not in source.used_columns)


def _constant(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str).strip('"')


def _unreadable(path: Path, error: Exception) -> UnreadableFileError:
    """DuckDB's errors quote the file's lines after the first of their own."""
    return UnreadableFileError(f"{path} cannot be read: {str(error).splitlines()[0]}")

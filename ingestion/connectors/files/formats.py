"""How each format is opened with DuckDB: names of the columns, and SQL of their texts.

CSV has no types and is read as text; of JSON lines each line is parsed by itself, so that a broken one is one
broken row; Parquet's values are cast to text, nested ones as JSON.
"""

# ruff: noqa: S608 - identifiers and literals in the statements are quoted by `conversion`

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ingestion.connectors.files.conversion import literal, quoted

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

REJECTED_LINES = "rejected_lines"
_REJECTED_SCANS = "rejected_scans"
_DELIMITERS = (",", ";", "\t", "|")
_NESTED = ("[", "STRUCT", "MAP", "UNION", "JSON")


@dataclass(frozen=True)
class OpenedFile:
    """A file, ready to be selected from.

    Attributes:
        names: its columns.
        relation: SQL of the relation that holds its rows.
        row: SQL of a row's number, from 1.
        text_of: column → SQL of its text, null where it is empty.
        is_sparse: rows leave columns out, so that none can be asked for.
        unread: SQL of rows that could not be read, as number and reason.
        is_read: SQL of whether a row could be read.
    """

    names: tuple[str, ...]
    relation: str
    row: str
    text_of: Callable[[str], str]
    unread: str
    is_sparse: bool = False
    is_read: str = "true"


def opened(duckdb: DuckDBPyConnection, path: Path) -> OpenedFile:
    """Open a file by the ending of its name.

    Raises:
        duckdb.Error, OSError, ValueError: it cannot be read.
    """
    name = path.name.removesuffix(".gz")
    if name.endswith(".csv"):
        return _csv(duckdb, path)
    return _parquet(duckdb, path) if name.endswith(".parquet") else _json_lines(duckdb, path)


def _described(duckdb: DuckDBPyConnection, relation: str) -> dict[str, str]:
    """Column → type."""
    return {
        name: type_ for name, type_, *_ in duckdb.execute(f"describe select * from {relation}").fetchall()
    }


def _csv(duckdb: DuckDBPyConnection, path: Path) -> OpenedFile:
    """The header alone says what separates columns: of broken rows DuckDB's own guess makes one column."""
    delimiter, names = _header(path)
    for table in (REJECTED_LINES, _REJECTED_SCANS):
        duckdb.execute(f"drop table if exists {table}")
    columns = ", ".join(f"{literal(name)}: 'varchar'" for name in names)
    options = f"columns = {{{columns}}}, delim = {literal(delimiter)}, quote = '\"', escape = '\"'"
    rejects = f"rejects_table = '{REJECTED_LINES}', rejects_scan = '{_REJECTED_SCANS}', rejects_limit = 0"
    return OpenedFile(
        names=names,
        relation=f"read_csv({literal(str(path))}, {options}, header = true, auto_detect = false, "
        f"store_rejects = true, {rejects})",
        row="row_number() over ()",
        text_of=lambda name: f"nullif(trim({quoted(name)}), '')",
        unread=f"select line, 'line ' || line || ': ' || lower(error_type::varchar) from {REJECTED_LINES}",
    )


def _header(path: Path) -> tuple[str, tuple[str, ...]]:
    """What separates the columns, and their names."""
    open_text = gzip.open if path.suffix == ".gz" else open
    with open_text(path, "rt", encoding="utf-8-sig", newline="") as file:
        line = file.readline()
    _, delimiter, names = max(
        (len(names), delimiter, names)
        for delimiter in _DELIMITERS
        for names in csv.reader([line], delimiter=delimiter)
    )
    if not names:
        raise ValueError("it is empty")
    if len(set(names)) < len(names) or "" in names:
        raise ValueError("each column of its header needs a name of its own")
    return delimiter, tuple(names)


def _json_lines(duckdb: DuckDBPyConnection, path: Path) -> OpenedFile:
    options = "columns = {'line': 'varchar'}, delim = chr(31), quote = '', escape = '', header = false"
    relation = (
        "(select row_number() over () as line_number, "
        "case when json_valid(line) then case when json_type(line) = 'OBJECT' then line end end as line "
        f"from read_csv({literal(str(path))}, {options}, auto_detect = false) where trim(line) <> '')"
    )
    keys = f"select distinct unnest(json_keys(line)) as name from {relation} order by name"
    return OpenedFile(
        names=tuple(name for (name,) in duckdb.execute(keys).fetchall()),
        relation=relation,
        row="line_number",
        text_of=lambda name: f"nullif(trim(json_extract_string(line, {literal(_pointer(name))})), '')",
        unread=(
            "select line_number, 'line ' || line_number || ': expected a JSON object' "
            f"from {relation} where line is null"
        ),
        is_sparse=True,
        is_read="line is not null",
    )


def _pointer(name: str) -> str:
    return "/" + name.replace("~", "~0").replace("/", "~1")


def _parquet(duckdb: DuckDBPyConnection, path: Path) -> OpenedFile:
    relation = f"read_parquet({literal(str(path))})"
    types = _described(duckdb, relation)

    def text_of(name: str) -> str:
        is_nested = any(mark in types[name] for mark in _NESTED)
        value = f"to_json({quoted(name)})" if is_nested else quoted(name)
        return f"nullif(trim(cast({value} as varchar)), '')"

    return OpenedFile(
        names=tuple(types),
        relation=relation,
        row="row_number() over ()",
        text_of=text_of,
        unread="select 0, '' where false",
    )

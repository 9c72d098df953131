"""What a value of a file must look like, as SQL over its text: converted, or what was expected instead.

Text files have no types, so that each value is first text and then read by the type that the contract wants.
Nothing is guessed: a time without an offset is one only where the settings name its zone, and a number with
a fraction is no whole number.
"""

from __future__ import annotations

from collections.abc import Sequence

from ingestion.connector import Column, DataType

_ADDRESS = r"[^@\s]+@[^@\s]+\.[^@\s]+"
_OFFSET = r"\d\d:\d\d(:\d\d(\.\d+)?)?\s*(Z|z|[+-]\d\d(:?\d\d)?)$"
_DAY = r"^\d\d\d\d-\d\d-\d\d"
"""Databases also write `infinity` and `epoch` into columns of instants, which are none."""

_EXPECTED: dict[DataType, str] = {
    "text": "text",
    "bigint": "a whole number of 64 bits",
    "bool": "true or false",
    "timestamp": "an ISO 8601 instant",
    "double": "a finite number",
    "date": "an ISO 8601 date",
    "json": "a JSON list",
}
_VALUES: dict[DataType, str] = {
    "text": "{0}",
    "bigint": r"case when regexp_full_match({0}, '[+-]?\d+(\.0+)?')"
    " then try_cast(split_part({0}, '.', 1) as bigint) end",
    "double": "case when isfinite(try_cast({0} as double)) then try_cast({0} as double) end",
    "bool": "case when lower({0}) in ('true', '1') then true"
    " when lower({0}) in ('false', '0') then false end",
    "date": r"case when regexp_full_match({0}, '\d\d\d\d-\d\d-\d\d') then try_cast({0} as date) end",
    "json": "case when case when json_valid({0}) then json_type({0}) = 'ARRAY' end then {0} end",
}
_WITHOUT_ZONE = " with an offset from UTC (or name its time_zone in the settings)"


def text_of(column: Column, text: str, *, is_customer: bool) -> str:
    """SQL of the text that is kept of a column: addresses and ids of customers by their keyed hash."""
    if column.data_type != "text":
        return text
    other = f"hash_id({text})" if is_customer else text
    return (
        f"case when regexp_full_match({text}, {literal(_ADDRESS)}) then hash_email({text}) else {other} end"
    )


def value_of(data_type: DataType, text: str, time_zone: str | None = None) -> str:
    """SQL of a value in its type, null where the text is none of that type.

    Args:
        data_type: the type.
        text: SQL of the text, null where it is empty.
        time_zone: of instants without an offset; without it they are none.
    """
    if data_type == "timestamp":
        return _instant(text, time_zone)
    return _VALUES[data_type].format(text)


def problem_of(column: Column, text: str, *, values: Sequence[str] = (), time_zone: str | None = None) -> str:
    """SQL of what is wrong with a column, beginning with its name; null where nothing is.

    Args:
        column: of the contract.
        text: SQL of its text.
        values: what it may be, where that is limited.
        time_zone: of instants without an offset.
    """
    cases = []
    if not column.nullable:
        cases.append(f"when {text} is null then {literal(f'{column.name}: is missing')}")
    if values:
        listed = ", ".join(literal(each) for each in values)
        expected = f"one of {', '.join(values)}"
        cases.append(f"when {text} not in ({listed}) then {_wrong(column.name, expected)}")
    elif column.data_type != "text":
        value = value_of(column.data_type, text, time_zone)
        expected = expectation(column.data_type, time_zone)
        cases.append(f"when {text} is not null and {value} is null then {_wrong(column.name, expected)}")
    return f"case {' '.join(cases)} end" if cases else "null"


def expectation(data_type: DataType, time_zone: str | None) -> str:
    """What a value of the type is called."""
    is_unplaced = data_type == "timestamp" and time_zone is None
    return _EXPECTED[data_type] + (_WITHOUT_ZONE if is_unplaced else "")


def literal(text: str) -> str:
    """An SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def quoted(name: str) -> str:
    """An SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def _wrong(column: str, expected: str) -> str:
    return literal(f"{column}: expected {expected}")


def _instant(text: str, time_zone: str | None) -> str:
    local = (
        f"case when regexp_matches({text}, {literal(_DAY)}) "
        f"then timezone({literal(time_zone)}, try_cast({text} as timestamp)) end"
        if time_zone
        else "cast(null as timestamptz)"
    )
    return (
        f"case when regexp_matches({text}, {literal(_OFFSET)}) then try_cast({text} as timestamptz) "
        f"else {local} end"
    )

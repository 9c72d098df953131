"""Rows against their declaration: what is converted, what is rejected, and when two rows are the same."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from ingestion.connector import Column, ConnectorError, DataType, Table
from ingestion.rows import RowChecker


def one_column(data_type: DataType, *, nullable: bool = True) -> RowChecker:
    columns = (Column("id", "text", "Id."), Column("value", data_type, "Value.", nullable=nullable))
    return RowChecker(Table("things", "One row per thing.", ("id",), columns))


@pytest.mark.parametrize(
    ("data_type", "given", "kept"),
    [
        ("text", "ä", "ä"),
        ("text", "", ""),
        ("bigint", 7, 7),
        ("bigint", -(2**63) + 1, -(2**63) + 1),
        ("bool", False, False),
        ("double", 1, 1.0),
        ("date", "2026-02-28", date(2026, 2, 28)),
        ("date", date(2026, 2, 28), date(2026, 2, 28)),
        ("timestamp", "2026-01-01T01:00:00+01:00", datetime(2026, 1, 1, tzinfo=UTC)),
        ("timestamp", "2026-01-01T00:00:00Z", datetime(2026, 1, 1, tzinfo=UTC)),
        (
            "timestamp",
            datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=1))),
            datetime(2026, 1, 1, tzinfo=UTC),
        ),
        ("json", {"b": 1, "a": [None]}, '{"a":[null],"b":1}'),
        ("json", "text", '"text"'),
        ("text", None, None),
    ],
)
def test_values_of_the_declared_type_are_kept(data_type: DataType, given: Any, kept: Any) -> None:
    row = one_column(data_type).check({"id": "1", "value": given})
    assert row.broken == ()
    assert row.values == ("1", kept)


@pytest.mark.parametrize(
    ("data_type", "given", "rule"),
    [
        ("text", 7, "value: expected text, got int"),
        ("text", "\ud83d", "value: expected Unicode text, got half a surrogate pair"),
        ("bigint", "7", "value: expected a whole number, got str"),
        ("bigint", True, "value: expected a whole number, got bool"),
        ("bigint", 1.0, "value: expected a whole number, got float"),
        ("bigint", 2**63, "value: expected a whole number of 64 bits, got a greater one"),
        ("bool", 1, "value: expected true or false, got int"),
        ("double", "1.0", "value: expected a number, got str"),
        ("double", float("nan"), "value: expected a finite number"),
        ("date", "yesterday", "value: expected an ISO 8601 date, got other text"),
        ("date", datetime(2026, 1, 1, tzinfo=UTC), "value: expected a date, got datetime"),
        ("timestamp", "yesterday", "value: expected an ISO 8601 instant, got other text"),
        (
            "timestamp",
            "2026-01-01T00:00:00",
            "value: expected an instant with an offset from UTC, got one without",
        ),
        ("timestamp", 1_800_000_000, "value: expected an instant, got int"),
        (
            "timestamp",
            "0001-01-01T00:00:00+23:00",
            "value: expected an instant between the years 1 and 9999",
        ),
        ("json", {1, 2}, "value: expected what JSON can say"),
        ("json", float("inf"), "value: expected what JSON can say"),
    ],
)
def test_values_of_another_type_break_the_row(data_type: DataType, given: Any, rule: str) -> None:
    assert one_column(data_type).check({"id": "1", "value": given}).broken == (rule,)


def test_a_required_value_that_lacks_breaks_the_row() -> None:
    checker = one_column("text", nullable=False)
    assert checker.check({"id": "1"}).broken == ("value: is missing",)
    assert checker.check({"value": "x"}).broken == ("id: is missing",)


def test_all_that_is_broken_is_told() -> None:
    row = one_column("bigint").check({"id": 1, "value": "x"})
    assert [rule.split(":")[0] for rule in row.broken] == ["id", "value"]


def test_a_column_that_is_not_declared_is_the_connectors_defect() -> None:
    with pytest.raises(ConnectorError, match="body"):
        one_column("text").check({"id": "1", "body": "prose"})


def test_a_rejected_row_shows_declared_columns_only() -> None:
    assert (
        one_column("bigint").declared({"id": "1", "value": "x", "body": "prose"}) == '{"id":"1","value":"x"}'
    )


def test_equal_content_has_one_hash_however_it_is_written() -> None:
    checker = one_column("timestamp")
    one = checker.check({"id": "1", "value": "2026-01-01T00:00:00Z"})
    other = checker.check({"value": "2026-01-01T01:00:00+01:00", "id": "1"})
    assert one.row_hash == other.row_hash
    assert checker.check({"id": "2", "value": "2026-01-01T00:00:00Z"}).row_hash != one.row_hash


def test_a_new_column_that_is_empty_changes_no_hash() -> None:
    row = {"id": "1", "value": "x"}
    wider = Table(
        "things",
        "One row per thing.",
        ("id",),
        (Column("id", "text", "Id."), Column("extra", "text", "Extra."), Column("value", "text", "Value.")),
    )
    assert RowChecker(wider).check(row).row_hash == one_column("text").check(row).row_hash


def test_values_do_not_run_into_each_other_in_the_hash() -> None:
    columns = tuple(Column(name, "text", name) for name in ("id", "a", "b"))
    checker = RowChecker(Table("things", "One row per thing.", ("id",), columns))
    assert (
        checker.check({"id": "1", "a": "x", "b": None}).row_hash
        != checker.check({"id": "1", "a": None, "b": "x"}).row_hash
    )


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"name": "Things"}, "snake_case"),
        ({"columns": (Column("id", "text", ""), Column("a__b", "text", ""))}, "snake_case"),
        ({"columns": (Column("id", "text", ""), Column("id", "text", ""))}, "declared twice"),
        ({"columns": (Column("id", "text", ""), Column("row_hash", "text", ""))}, "row_hash"),
        ({"key": ("number",)}, "number"),
        ({"key": ()}, "things"),
        ({"updated": "updated_at"}, "updated_at"),
        ({"complete_within": ("parent",)}, "parent"),
    ],
)
def test_a_table_that_contradicts_itself_is_no_declaration(change: dict[str, Any], wrong: str) -> None:
    declared: dict[str, Any] = {
        "name": "things",
        "description": "One row per thing.",
        "key": ("id",),
        "columns": (Column("id", "text", "Id."),),
    }
    with pytest.raises(ConnectorError, match=wrong):
        Table(**{**declared, **change})

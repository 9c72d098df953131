"""The connector through the kit, into a warehouse: what failed walks leave, odd rows, deletions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from support.jira import SmallJira

from ingestion.connectors.jira import CONNECTOR
from ingestion.pipeline import LoadError, LoadResult, load_connection

Load = Callable[..., LoadResult]


@pytest.fixture
def load(jira: SmallJira, tmp_path: Path) -> Load:
    """Loads the small Jira into a warehouse of the test's own."""
    return lambda **options: load_connection(
        CONNECTOR.settings(**jira.connection()),
        warehouse=tmp_path / "warehouse.duckdb",
        pipelines_dir=tmp_path / "dlt",
        workspace=tmp_path / "clones",
        **options,
    )


@pytest.fixture
def read(tmp_path: Path) -> Callable[[str], list[tuple[Any, ...]]]:
    def query(sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(tmp_path / "warehouse.duckdb"), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    return query


def test_a_truncated_page_moves_nothing_and_a_second_run_loads_nothing_twice(
    jira: SmallJira, load: Load, read: Callable[[str], list[tuple[Any, ...]]]
) -> None:
    jira.fail("truncate", "changelog", after=1)
    with pytest.raises(LoadError):
        load()
    jira.jira.faults.replace([])
    first = load()
    assert first.rows["issues"] == len(jira.tickets)
    assert not load().is_changed
    assert read("select count(*), count(distinct id) from raw_jira.issues") == [(8, 8)]


def test_a_row_of_another_shape_is_rejected_and_the_rest_of_its_page_loads(
    jira: SmallJira, load: Load, read: Callable[[str], list[tuple[Any, ...]]]
) -> None:
    jira.fail("drift", "search/jql", count=1)
    result = load()
    assert result.rejected == 1
    assert read("select count(*) from raw_jira.issues") == [(len(jira.tickets) - 1,)]
    assert read("select row_key, rule from raw_jira.rejected_rows") == [
        ('["101"]', "created_at: expected an ISO 8601 instant, got other text")
    ]


def test_a_deleted_issue_stands_no_more_after_the_next_reconciliation(
    jira: SmallJira,
    load: Load,
    read: Callable[[str], list[tuple[Any, ...]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    load()
    jira.tickets.remove(jira.ticket("CHEC-5"))
    assert not load().is_changed
    monkeypatch.setattr("ingestion.connectors.jira.source.RECONCILED_EVERY", timedelta(0))
    result = load()
    assert result.removed == {"standing_issues": 1}
    gone = "select id from raw_jira.issues anti join raw_jira.standing_issues on id = issue_id"
    assert read(gone) == [("106",)]
    ((earliest,),) = read("select min(reconciled_at) from raw_jira.reconciliations")
    assert datetime.now(UTC) - earliest < timedelta(minutes=5)

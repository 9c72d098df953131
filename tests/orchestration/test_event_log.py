"""The event log that keeps its connections: what it remembers of the database, and what it does not."""

from __future__ import annotations

from pathlib import Path

import pytest
from dagster._core.storage.event_log import SqliteEventLogStorage
from sqlalchemy import text

from orchestration.event_log import KeptSqliteEventLogStorage


def test_a_table_is_looked_for_until_it_is_there_and_then_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = KeptSqliteEventLogStorage(str(tmp_path))
    assert not storage.has_table("later")
    with storage.index_connection() as connection:
        connection.execute(text("create table later (id integer)"))
    assert storage.has_table("later")
    monkeypatch.setattr(SqliteEventLogStorage, "has_table", None)
    assert storage.has_table("later")
    storage.dispose()
